settings_now <- function() {
  graphics::par(c("mar", "oma", "mfrow", "mgp", "tcl", "cex", "las", "xpd", "bty", "ask", "new"))
}

drawn_on <- function(width, height, code) {
  grDevices::pdf(NULL, width, height)
  on.exit(grDevices::dev.off())
  code()
}

test_that("every picture can be drawn at any size without a warning, and the device's settings come back", {
  skip_without_core()
  cases <- list(list(2L, "long"), list(30L, "signs"), list(3L, "foreign"))
  sizes <- list(c(4, 3), c(7, 5), c(10, 7), c(12, 14))
  for (case in cases) {
    pictures <- every_picture(case[[1L]], case[[2L]])
    for (size in sizes) for (one in pictures) {
      drawn_on(size[1L], size[2L], function() {
        graphics::par(mar = c(3, 4, 2, 1), las = 1)
        before <- settings_now()
        expect_silent(do.call(plot, one))
        expect_identical(settings_now()[names(before) != "new"], before[names(before) != "new"])
      })
    }
  }
})

test_that("panels of the user are used", {
  skip_without_core()
  pictures <- every_picture(3L, "short")
  for (one in pictures) {
    panels <- if (is.null(one$pair)) 1L else 3L
    if (inherits(one[[1L]], "mt_hal") && is.null(one$pair)) panels <- 2L
    drawn_on(9, 9, function() {
      graphics::par(mfrow = c(2, 2), cex = 0.7)
      before <- settings_now()
      expect_silent(do.call(plot, one))
      expect_identical(settings_now()[names(before) != "new"], before[names(before) != "new"])
      expect_identical(graphics::par("mfg")[1:2], c((panels - 1L) %/% 2L + 1L, (panels - 1L) %% 2L + 1L))
      graphics::plot(1)
      after <- panels
      expect_identical(graphics::par("mfg")[1:2], c(after %/% 2L + 1L, after %% 2L + 1L))
    })
  }
})

test_that("every autoplot can be built without a warning", {
  skip_without_core()
  skip_if_not_installed("ggplot2")
  for (case in list(list(2L, "long"), list(30L, "signs"))) {
    pictures <- every_picture(case[[1L]], case[[2L]])
    for (one in pictures) {
      drawn_on(7, 5, function() expect_silent(print(do.call(ggplot2::autoplot, one))))
    }
  }
})

test_that("every class that can be drawn is drawn by both plot() and autoplot()", {
  skip_without_core()
  skip_if_not_installed("ggplot2")
  all <- fits_of_all()
  expect_setequal(c(names(all), "cv_dial"), our_classes)
  for (class in names(all)) drawn_on(7, 5, function() {
    expect_identical(suppressWarnings(plot(all[[class]])), all[[class]], info = class)
    picture <- ggplot2::autoplot(all[[class]])
    expect_s3_class(picture, "ggplot")
    expect_gt(length(ggplot2::ggplot_build(picture)$data), 0L)
  })
  compared <- ggplot2::ggplot_build(ggplot2::autoplot(all$compare_models))$data
  table <- all$compare_models$table
  expect_setequal(compared[[2L]]$x, table$mean)
  expect_identical(compared[[2L]]$x[compared[[2L]]$colour == "firebrick"], min(table$mean))
})

# What a pdf says, in the order it was drawn.
texts_drawn <- function(code, width = 7, height = 5) {
  file <- tempfile(fileext = ".pdf")
  grDevices::pdf(file, width, height, compress = FALSE, useKerning = FALSE)
  code()
  grDevices::dev.off()
  lines <- grep("Tj", readLines(file, warn = FALSE), value = TRUE, useBytes = TRUE)
  sub("^.*\\((.*)\\) Tj.*$", "\\1", lines)
}

test_that("up to twenty tasks are named at the ends of their curves, and what a key cannot name has no colour", {
  skip_without_core()
  for (n in c(2L, 12L, 20L, 30L)) {
    data <- picture_data(n, "short", n = 12L)
    fit <- mt_hal(y ~ h(protein1, k = 5), data, "ward", lambda = 0.02, tolerance = 1e-2)
    texts <- texts_drawn(function() plot(fit))
    expect_true(all((fit$tasks %in% texts)) == (n <= 20L))
    expect_identical("ward" %in% texts, n > 20L) # the title of the key
    small <- texts_drawn(function() plot(fit), 4, 2)
    shown <- sum(fit$tasks %in% small)
    if (shown < n) expect_true(paste("and", n - shown, "more") %in% small)
  }
})

test_that("labels are within the figure and distinct names stay distinct", {
  for (kind in kinds_of_names) {
    names <- kind("protein", 1:300)
    drawn_on(5, 4, function() {
      before <- open_figure()
      expect_identical(anyDuplicated(short_names(names)), 0L)
      expect_identical(anyDuplicated(short_names(names, 8L)), 0L)
      labels <- fit_labels(kinds_of_names$long("protein", 1:40))
      expect_lte(max(graphics::strwidth(labels, units = "inches", cex = 0.8)), 0.4 * 5)
      expect_identical(anyDuplicated(labels), 0L)
      graphics::par(mar = label_margins(left = labels))
      expect_gt(graphics::par("mai")[2L], max(graphics::strwidth(labels, units = "inches", cex = 0.8)))
      graphics::par(before)
    })
  }
  expect_identical(short_names(c("a\tb", "line\n", "a b")), c("a\\tb", "line\\n", "a b"))
  expect_identical(short_names(paste0(strrep("x", 20), c("p", "q"), strrep("y", 20)), 11L), c("xx...p", "xx...q"))
  drawn_on(5, 4, function() expect_match(short_names("\u86cb"), "86CB", ignore.case = TRUE))
})

test_that("twenty lines are told apart, more are counted", {
  styles <- line_styles(20L)
  expect_identical(anyDuplicated(paste(styles$col, styles$lty)), 0L)
  expect_identical(anyDuplicated(paste(styles$col, styles$pch)), 0L)
  drawn_on(7, 5, function() {
    open_figure()
    key <- make_key(paste0("t", 1:20), "task", 52L, height = 5)
    expect_identical(length(key$names) + key$more, 72L)
    expect_match(tail(key_text(key), 1L), "more")
  })
  expect_equal(apart(c(0.1, 0.1, 0.1), 1, c(0, 10)), c(2, 1, 0))
  expect_equal(apart(c(5, 5), 1), c(5, 4))
})

test_that("pictures with nothing in them say so, and counts of 0 are refused", {
  skip_without_core()
  data <- make_studies()
  hal <- mt_hal(y ~ h(x1, x2), data, "site", lambda = 1e6)
  said <- function(...) {
    file <- tempfile(fileext = ".pdf")
    grDevices::pdf(file, 7, 5, compress = FALSE, useKerning = FALSE)
    plot(hal, ...)
    grDevices::dev.off()
    paste(grep("Tj", readLines(file, warn = FALSE), value = TRUE, useBytes = TRUE), collapse = " ")
  }
  expect_match(said(), "No main effect is selected", fixed = TRUE)
  expect_match(said(pair = c("x1", "x2")), "No effect of x1 and x2 together is selected", fixed = TRUE)
  if (requireNamespace("ggplot2", quietly = TRUE)) {
    expect_identical(ggplot2::autoplot(hal)$labels$title, "No main effect is selected")
    expect_match(ggplot2::autoplot(hal, pair = c("x1", "x2"))$labels$subtitle, "No effect of x1 and x2 together is selected")
  }
  fit <- sparse_mtl(y ~ x1 + x2, data, "site", s = 1)
  for (bad in list(0, -1, 2.5, NA, "3", 1:2)) {
    expect_error(plot(fit, max_features = bad), "max_features must be one whole number of at least 1", class = "sparsekin_OptionError")
  }
  drawn_on(4, 3, function() expect_identical(plot(fit, max_features = Inf), fit))
  path <- path_sparse_mtl(y ~ x1 + x2, data, "site", s = 1, lambda_1 = c(0.1, 1))
  expect_error(drawn_on(4, 3, function() plot(path, max_labels = -1)), "max_labels must be one whole number of at least 0", class = "sparsekin_OptionError")
  draw(path, max_labels = 0)
  expect_identical(path_curves(path, "lambda_1", list(), "norm")$held, "")
  cv <- cv_sparse_mtl(y ~ x1 + x2, data, "site", s = 1:2, lambda_1 = 0.1, lambda_z = c(0, 1), folds = 3, rng = 1, lambda_2 = 0)
  expect_identical(cv_curves(cv)$held, "lambda_1 = 0.1")
})
