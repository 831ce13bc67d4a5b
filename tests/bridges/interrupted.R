# Rscript interrupted.R: a long search that is interrupted from outside, then a short one in the same session.
library(sparsekin)
set.seed(1)
n <- 600
data <- as.data.frame(matrix(rnorm(n * 200), n))
data$task <- rep(letters[1:10], length.out = n)
data$y <- rowSums(data[1:40]) + rnorm(n, sd = 5)
invisible(core_version())
cat("started\n")
fit <- withCallingHandlers(
  sparse_mtl(y ~ ., data, "task", s = 40, lambda_2 = 0.5, lambda_z = 0.01, effort = 2),
  sparsekin_InterruptedWarning = function(condition) {
    cat("warned:", conditionMessage(condition), "\n")
    tryInvokeRestart("muffleWarning")
  }
)
cat("status:", glance(fit)$status, "\n")
cat("after: ", glance(sparse_mtl(y ~ V1 + V2, data, "task", s = 1))$status, "\n", sep = "")

# R itself must hear Ctrl-C again.
tryCatch({
  tools::pskill(Sys.getpid(), tools::SIGINT)
  for (i in 1:20) Sys.sleep(0.1)
}, interrupt = function(condition) cat("R was interrupted\n"))
