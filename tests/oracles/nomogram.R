# Writes nomogram_*.csv with R and rms; nomogram_input.csv is drawn here too:
#   cd tests/oracles && Rscript nomogram.R
suppressMessages(library(rms))
set.seed(20241)
n <- 260
margins <- c("smooth", "irregular", "extrathyroidal")
d <- data.frame(
  age = round(rnorm(n, 43, 11)),
  size = round(rlnorm(n, 2.3, 0.6), 1),
  foci = sample(1:4, n, TRUE, c(0.6, 0.2, 0.1, 0.1)),
  margin = sample(margins, n, TRUE, c(0.6, 0.3, 0.1)),
  signature = round(plogis(rnorm(n)), 4)
)
lp <- -1.2 - 0.05 * (d$age - 43) + 0.08 * (d$size - 12) + 0.4 * (d$foci - 1) +
  0.8 * (d$margin == "irregular") + 1.6 * (d$margin == "extrathyroidal") + 2 * (d$signature - 0.5)
d$label <- as.integer(runif(n) < plogis(lp))
d$external <- as.integer(runif(n) < plogis(0.6 * lp + 0.5))
write.csv(d, "nomogram_input.csv", row.names = FALSE, quote = FALSE)
d$margin <- factor(d$margin, margins)
models <- list(
  all = label ~ age + size + foci + margin + signature,
  two = label ~ age + margin,
  one = label ~ size
)

# glm: coefficients and Wald's intervals.
rows <- list()
for (m in names(models)) {
  g <- glm(models[[m]], binomial, d, control = glm.control(epsilon = 1e-14))
  ci <- confint.default(g)
  s <- summary(g)$coefficients
  rows[[m]] <- data.frame(model = m, term = rownames(s), coefficient = s[, 1], se = s[, 2],
                          p = s[, 4], odds_ratio = exp(s[, 1]), low = exp(ci[, 1]),
                          high = exp(ci[, 2]))
}
write.csv(do.call(rbind, rows), "nomogram_glm.csv", row.names = FALSE)
g <- glm(models$all, binomial, d, control = glm.control(epsilon = 1e-14))
r <- predict(g, d[1:20, ], se.fit = TRUE)
write.csv(data.frame(risk = plogis(r$fit), low = plogis(r$fit - qnorm(0.975) * r$se.fit),
                     high = plogis(r$fit + qnorm(0.975) * r$se.fit)),
          "nomogram_intervals.csv", row.names = FALSE)

# Univariable: likelihood-ratio test of each variable.
u <- sapply(c("age", "size", "foci", "margin", "signature"), function(v) {
  a <- glm(reformulate(v, "label"), binomial, d, control = glm.control(epsilon = 1e-14))
  anova(a, test = "LRT")[2, "Pr(>Chi)"]
})
write.csv(data.frame(variable = names(u), p = u), "nomogram_univariable.csv", row.names = FALSE)

# VIF by its definition, a column regressed on the others.
x <- model.matrix(models$all, d)[, -1]
v <- sapply(colnames(x), function(k) 1 / (1 - summary(lm(x[, k] ~ x[, colnames(x) != k]))$r.squared))
write.csv(data.frame(term = names(v), vif = v), "nomogram_vif.csv", row.names = FALSE)

# rms::nomogram: every tick and its points.
dd <- datadist(d)
options(datadist = "dd")
rows <- list()
for (m in names(models)) {
  f <- lrm(models[[m]], d, x = TRUE, y = TRUE, tol = 1e-13, eps = 1e-8, maxit = 50)
  nom <- nomogram(f, fun = plogis, funlabel = "risk")
  for (axis in names(nom)) {
    a <- nom[[axis]]
    if (axis %in% c("total.points")) {
      value <- as.character(a$x); points <- a$x
    } else if (axis %in% c("lp", "risk")) {
      value <- as.character(a$x.real); points <- a$x
    } else {
      value <- as.character(a[[axis]]); points <- a$points
    }
    rows[[paste(m, axis)]] <- data.frame(model = m, axis = axis, value = value, points = points)
  }
}
write.csv(do.call(rbind, rows), "nomogram_points.csv", row.names = FALSE)

# rms::validate and rms::calibrate, with the spread that Monte Carlo leaves.
f <- lrm(models$all, d, x = TRUE, y = TRUE, tol = 1e-13, eps = 1e-8, maxit = 50)
set.seed(1)
v <- validate(f, B = 4000)
write.csv(data.frame(index = rownames(unclass(v)), unclass(v)[, 1:6]), "nomogram_validate.csv",
          row.names = FALSE)
set.seed(2)
cal <- calibrate(f, B = 2000)
write.csv(unclass(cal)[, c("predy", "calibrated.orig", "calibrated.corrected")],
          "nomogram_calibrate.csv", row.names = FALSE)

# val.prob on another outcome; calibration in the large and confidence limits by glm.
p <- predict(g, type = "response")
v <- val.prob(p, d$external, pl = FALSE)
a <- glm(external ~ offset(qlogis(p)), binomial, d, control = glm.control(epsilon = 1e-14))
b <- glm(external ~ qlogis(p), binomial, d, control = glm.control(epsilon = 1e-14))
ca <- confint.default(a); cb <- confint.default(b)
out <- c(v[c("C (ROC)", "Brier", "Intercept", "Slope", "Emax", "E90", "Eavg")],
         large = unname(coef(a)), large_low = ca[1], large_high = ca[2],
         slope_low = cb[2, 1], slope_high = cb[2, 2])
write.csv(data.frame(quantity = names(out), value = out), "nomogram_valprob.csv", row.names = FALSE)

# Hosmer-Lemeshow from its definition: groups by quantiles of the risk, cut as R cuts them.
hl <- function(y, p, g) {
  # quantile() leaves it to rounding on which side of a cut the patient at the cut falls.
  at <- (0:g) * (length(p) - 1) / g
  low <- floor(at + 1e-9)
  s <- c(sort(p), max(p))
  breaks <- unique(ifelse(at - low < 1e-9, s[low + 1], s[low + 1] + (at - low) * (s[low + 2] - s[low + 1])))
  k <- cut(p, breaks, include.lowest = TRUE)
  n <- tapply(y, k, length); o <- tapply(y, k, sum); e <- tapply(p, k, sum)
  c(groups = length(n), statistic = sum((o - e)^2 / (e * (1 - e / n))))
}
rows <- list()
for (set in c("label", "external")) for (k in 5:12) {
  h <- hl(d[[set]], p, k)
  df <- h["groups"] - ifelse(set == "label", 2, 0)
  rows[[paste(set, k)]] <- data.frame(set = set, g = k, statistic = h["statistic"], df = df,
                                      p = pchisq(h["statistic"], df, lower.tail = FALSE))
}
write.csv(do.call(rbind, rows), "nomogram_hosmer.csv", row.names = FALSE)

# pretty, on ends of all kinds.
ends <- rbind(c(0, 1), c(17, 83), c(2.5, 40), c(-3.2, 2.9), c(0.012, 0.98), c(0, 268.3),
              c(1, 1), c(0, 0), c(-0.001, 0.0007), c(1234, 98765), c(5, 5.4), c(-7, -2), c(99.9, 100.1))
rows <- list()
for (i in seq_len(nrow(ends))) for (k in c(1, 3, 5, 10)) {
  rows[[paste(i, k)]] <- data.frame(low = ends[i, 1], high = ends[i, 2], n = k,
                                    ticks = paste(format(pretty(ends[i, ], n = k), digits = 12,
                                                         trim = TRUE), collapse = " "))
}
write.csv(do.call(rbind, rows), "nomogram_pretty.csv", row.names = FALSE)
