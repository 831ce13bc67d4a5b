library(testthat)
library(sparsekin)

test_check("sparsekin")
