# Writes delong_input.csv, delong_auc.csv and delong_pairs.csv with pROC:
#   cd tests/oracles && Rscript delong.R
# aSAH comes with pROC (Turck et al. 2010); ties, random and unpaired data are drawn here.
suppressPackageStartupMessages(library(pROC))
set.seed(20240)
data(aSAH)
asah <- data.frame(set = "aSAH", label = as.integer(aSAH$outcome == "Poor"),
                   s100b = aSAH$s100b, ndka = aSAH$ndka, wfns = as.integer(aSAH$wfns))
n <- 211
label <- rbinom(n, 1, 0.3)
ties <- data.frame(set = "ties", label = label,
                   a = round(2 * (rnorm(n) + label)), b = round(rnorm(n) + 0.5 * label),
                   c = rbinom(n, 1, 0.3 + 0.3 * label))
smooth <- data.frame(set = "smooth", label = label, a = round(rnorm(n) + label, 8),
                     b = round(rnorm(n) + 0.8 * label, 8), c = round(rexp(n), 8))
names(asah)[3:5] <- names(ties)[3:5]
input <- rbind(asah, ties, smooth)
write.csv(input, "delong_input.csv", row.names = FALSE, quote = FALSE)

curve <- function(d, name) roc(d$label, d[[name]], levels = c(0, 1), direction = "<", quiet = TRUE)
number <- function(x) formatC(x, digits = 17, format = "g")
aucs <- list()
pairs <- list()
for (set in c("aSAH", "ties", "smooth")) {
  d <- input[input$set == set, ]
  for (name in c("a", "b", "c")) {
    r <- curve(d, name)
    ci <- ci.auc(r, method = "delong")
    aucs[[paste(set, name)]] <- data.frame(set = set, model = name, auc = number(as.numeric(r$auc)),
      low = number(ci[1]), high = number(ci[3]), variance = number(var(r, method = "delong")))
  }
  for (pair in list(c("a", "b"), c("a", "c"), c("b", "c"))) {
    t <- roc.test(curve(d, pair[1]), curve(d, pair[2]), method = "delong", paired = TRUE)
    pairs[[paste(set, pair[1], pair[2])]] <- data.frame(set_a = set, model_a = pair[1], set_b = set,
      model_b = pair[2], paired = "paired", statistic = number(unname(t$statistic)), df = "Inf",
      p = number(t$p.value), covariance = number(cov(curve(d, pair[1]), curve(d, pair[2]),
                                                     method = "delong")))
  }
}
for (pair in list(c("aSAH", "ties"), c("aSAH", "smooth"), c("ties", "smooth"))) {
  for (name in c("a", "b", "c")) {
    t <- roc.test(curve(input[input$set == pair[1], ], name),
                  curve(input[input$set == pair[2], ], name), method = "delong", paired = FALSE)
    pairs[[paste(pair[1], pair[2], name)]] <- data.frame(set_a = pair[1], model_a = name,
      set_b = pair[2], model_b = name, paired = "unpaired", statistic = number(unname(t$statistic)),
      df = number(unname(t$parameter)), p = number(t$p.value), covariance = "0")
  }
}
write.csv(do.call(rbind, aucs), "delong_auc.csv", row.names = FALSE, quote = FALSE)
write.csv(do.call(rbind, pairs), "delong_pairs.csv", row.names = FALSE, quote = FALSE)
