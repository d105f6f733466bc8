# Reference values for the audit: tests of association, t-tests from summaries, exact intervals.
# Rscript tests/oracles/published.R   (base R; writes published_*.csv beside itself)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20240918)

tables <- list(
  c(295, 85, 125, 39), c(8, 372, 5, 159), c(6, 83, 187, 78, 26, 0, 40, 83, 36, 5),
  c(160, 42, 5, 151, 19, 3, 68, 16, 1, 71, 8, 0), c(3, 7, 69, 301, 1, 1, 33, 129),
  c(246, 69, 21, 14), c(263, 52, 5, 30), c(1, 9, 8, 2), c(0, 5, 7, 3)
)
for (i in 1:12) tables[[length(tables) + 1]] <- rpois(2 * sample(2:5, 1), sample(c(2, 8, 40), 1)) + 1
rows <- lapply(seq_along(tables), function(i) {
  m <- matrix(tables[[i]], ncol = 2)
  yates <- if (nrow(m) == 2) suppressWarnings(chisq.test(m)$p.value) else NA
  data.frame(
    table = i, counts = paste(t(m), collapse = " "),
    chisq = suppressWarnings(chisq.test(m, correct = FALSE)$p.value), yates = yates,
    fisher = fisher.test(m, workspace = 2e8)$p.value
  )
})
write.csv(format(do.call(rbind, rows), digits = 15), file.path(here, "published_counts.csv"),
          row.names = FALSE, quote = FALSE)

# Data with exactly the wanted mean and SD, so that t.test runs on patients as R would have.
exact <- function(n, mean, sd) { x <- rnorm(n); (x - mean(x)) / sd(x) * sd + mean }
summaries <- rbind(
  c(43.66, 11.17, 164, 42.75, 11.40, 380), c(11.57, 8.16, 164, 12.51, 8.72, 380),
  c(42.11, 15.34, 315, 47.32, 9.27, 35), c(9.38, 4.25, 128, 12.35, 3.51, 22), c(5, 1, 4, 9, 3, 5)
)
rows <- apply(summaries, 1, function(s) {
  a <- exact(s[3], s[1], s[2]); b <- exact(s[6], s[4], s[5])
  c(s, t.test(a, b, var.equal = TRUE)$p.value, t.test(a, b)$p.value, mean(c(a, b)), sd(c(a, b)))
})
means <- as.data.frame(t(rows))
names(means) <- c("m1", "s1", "n1", "m2", "s2", "n2", "student", "welch", "mean", "sd")
write.csv(format(means, digits = 15), file.path(here, "published_means.csv"), row.names = FALSE, quote = FALSE)

pairs <- rbind(c(31, 45), c(0, 12), (c(12, 12)), c(99, 119), c(1, 3), c(355, 380))
rows <- apply(pairs, 1, function(p) c(p, binom.test(p[1], p[2])$conf.int,
  suppressWarnings(prop.test(p[1], p[2], correct = FALSE)$conf.int)))
intervals <- as.data.frame(t(rows))
names(intervals) <- c("k", "n", "exact_low", "exact_high", "wilson_low", "wilson_high")
write.csv(format(intervals, digits = 15), file.path(here, "published_intervals.csv"), row.names = FALSE, quote = FALSE)
