# Writes llnm_auc.csv and llnm_pairs.csv with pROC, from the workbook of LLNM-Net, no row of which
# is kept here:
#   cd tests/oracles && Rscript llnm.R "<folder of llnm_net>/Source Data.xlsx"
suppressPackageStartupMessages({library(pROC); library(readxl)})
sheet <- suppressMessages(read_excel(commandArgs(TRUE)[1], "Figure 3c", col_names = FALSE, skip = 3,
                                     .name_repair = "minimal"))
columns <- lapply(sheet, function(x) suppressWarnings(as.numeric(x)))
number <- function(x) formatC(x, digits = 17, format = "g")
curve <- function(label, score) roc(label, score, levels = c(0, 1), direction = "<", quiet = TRUE)
described <- function(set, model, r) {
  ci <- ci.auc(r, method = "delong")
  data.frame(split = set, model = model, n = length(r$response), positives = sum(r$response == 1),
             auc = number(as.numeric(r$auc)), low = number(ci[1]), high = number(ci[3]))
}
rows <- list()
for (set in list(list("train", 7), list("internal", 9), list("external", 11))) {
  score <- columns[[set[[2]]]]
  label <- columns[[set[[2]] + 1]]
  ok <- !is.na(label) & score >= 0 & score <= 1  # one training score is 4.97e15
  rows[[set[[1]]]] <- described(set[[1]], "LLNM-Net", curve(label[ok], score[ok]))
}
read <- !is.na(columns[[14]])
label <- columns[[14]][read]
share <- columns[[15]][read]
scores <- list("LLNM-Net" = columns[[16]][read], "108 radiologists, share" = share,
               "108 radiologists, majority" = as.numeric(share > 0.5))
curves <- lapply(scores, function(s) curve(label, s))
for (model in names(curves)) rows[[model]] <- described("test", model, curves[[model]])
write.csv(do.call(rbind, rows), "llnm_auc.csv", row.names = FALSE)
pairs <- list()
for (other in names(curves)[-1]) {
  t <- roc.test(curves[["LLNM-Net"]], curves[[other]], method = "delong", paired = TRUE)
  pairs[[other]] <- data.frame(model_a = "LLNM-Net", model_b = other,
    difference = number(as.numeric(curves[["LLNM-Net"]]$auc - curves[[other]]$auc)),
    z = number(unname(t$statistic)), p = number(t$p.value))
}
write.csv(do.call(rbind, pairs), "llnm_pairs.csv", row.names = FALSE)
