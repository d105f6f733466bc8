# Writes contrasts_input.csv, contrasts.csv and mcnemar.csv:
#   cd tests/oracles && Rscript contrasts.R
# The chi-square is computed from pROC's variances and covariances; McNemar is R's own.
suppressPackageStartupMessages(library(pROC))
set.seed(20241)
n <- 160
label <- rbinom(n, 1, 0.35)
shared <- rnorm(n)
models <- sapply(1:6, function(j) round(1.5 * (rnorm(n) + shared + (0.3 + 0.1 * j) * label)))
heavy <- data.frame(set = "heavy", label = label, models)
names(heavy) <- c("set", "label", letters[1:6])
write.csv(heavy, "contrasts_input.csv", row.names = FALSE, quote = FALSE)

number <- function(x) formatC(x, digits = 17, format = "g")
curve <- function(d, name) roc(d$label, d[[name]], levels = c(0, 1), direction = "<", quiet = TRUE)
test <- function(d, names) {
  curves <- lapply(names, function(name) curve(d, name))
  k <- length(names)
  s <- matrix(0, k, k)
  for (i in 1:k) for (j in 1:k) {
    s[i, j] <- if (i == j) var(curves[[i]], method = "delong") else
      cov(curves[[i]], curves[[j]], method = "delong")
  }
  l <- cbind(1, -diag(k - 1))
  value <- l %*% sapply(curves, function(r) as.numeric(r$auc))
  chi2 <- as.numeric(t(value) %*% solve(l %*% s %*% t(l), value))
  data.frame(models = paste(names, collapse = ""), chi2 = number(chi2), df = k - 1,
             p = number(pchisq(chi2, k - 1, lower.tail = FALSE)))
}
before <- read.csv("delong_input.csv")
rows <- list()
for (set in unique(before$set)) {
  rows[[set]] <- cbind(set = set, test(before[before$set == set, ], c("a", "b", "c")))
}
for (names in list(letters[1:2], letters[1:4], letters[1:6])) {
  rows[[paste(names, collapse = "")]] <- cbind(set = "heavy", test(heavy, names))
}
write.csv(do.call(rbind, rows), "contrasts.csv", row.names = FALSE, quote = FALSE)

counts <- rbind(c(10, 3), c(3, 10), c(0, 5), c(1, 0), c(7, 7), c(25, 40), c(120, 88), c(0, 1))
mcnemar <- apply(counts, 1, function(x) {
  t <- mcnemar.test(matrix(c(50, x[2], x[1], 30), 2), correct = TRUE)
  data.frame(only_a = x[1], only_b = x[2], chi2 = number(unname(t$statistic)),
             p_corrected = number(t$p.value),
             p_exact = number(binom.test(x[1], sum(x), 0.5)$p.value))
})
write.csv(do.call(rbind, mcnemar), "mcnemar.csv", row.names = FALSE, quote = FALSE)
