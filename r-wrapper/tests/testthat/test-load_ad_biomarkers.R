test_that("the data arrive whole", {
  skip_without_core()
  people <- load_ad_biomarkers()
  expect_identical(nrow(people), 333L)
  expect_true(all(c("tau", "p_tau", "Ab_42", "genotype", "age", "male", "diagnosis") %in% names(people)))
  expect_true(is.numeric(people$tau) && all(c("E3E3", "E3E4") %in% people$genotype))
})
