# Writes table1.csv from table1_input.csv with base R only:
#   cd tests/oracles && Rscript table1.R
d <- read.csv("table1_input.csv", stringsAsFactors = FALSE, na.strings = "")
numbers <- c("age", "gap", "size")
groups <- c("sex", "margin", "rare", "site")

smd_number <- function(x, g) {
  a <- x[g == 0 & !is.na(x)]
  b <- x[g == 1 & !is.na(x)]
  abs(mean(a) - mean(b)) / sqrt((var(a) + var(b)) / 2)
}

# Yang and Dalton 2012: multinomial distance, first level left out.
smd_group <- function(x, g) {
  p <- prop.table(table(x, g), 2)[-1, , drop = FALSE]
  covariance <- function(q) diag(q, length(q)) - q %*% t(q)
  s <- (covariance(p[, 1]) + covariance(p[, 2])) / 2
  difference <- p[, 1] - p[, 2]
  sqrt(as.numeric(t(difference) %*% solve(s) %*% difference))
}

rows <- list()
for (v in numbers) {
  x <- d[[v]]
  normal <- all(tapply(x, d$label, function(y) shapiro.test(y)$p.value) >= 0.05)
  test <- if (normal) t.test(x ~ d$label, var.equal = TRUE) else
    wilcox.test(x ~ d$label, exact = FALSE)
  rows[[v]] <- data.frame(variable = v, test = if (normal) "Student's t" else "Mann-Whitney U",
                          p = test$p.value, smd = smd_number(x, d$label))
}
for (v in groups) {
  x <- table(d[[v]], d$label)
  few <- min(suppressWarnings(chisq.test(x, correct = FALSE))$expected) < 5
  test <- if (few) fisher.test(x) else chisq.test(x, correct = FALSE)
  rows[[v]] <- data.frame(variable = v, test = if (few) "Fisher" else "chi-square",
                          p = test$p.value, smd = smd_group(d[[v]], d$label))
}
out <- do.call(rbind, rows)
out$p <- signif(out$p, 12)
out$smd <- signif(out$smd, 12)
write.csv(out, "table1.csv", row.names = FALSE, quote = FALSE)
