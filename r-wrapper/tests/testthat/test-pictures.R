settings_now <- function() {
  graphics::par(c("mar", "oma", "mfrow", "mgp", "tcl", "cex", "las", "xpd", "bty", "ask", "new"))
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
  all$mtl_etable <- NULL  # a table
  expect_setequal(names(all), c(our_classes, "mtl_study", "mtl_imputed"))
  for (class in names(all)) drawn_on(7, 5, function() {
    expect_identical(suppressWarnings(plot(all[[class]])), all[[class]], info = class)
    picture <- ggplot2::autoplot(all[[class]])
    expect_s3_class(picture, "ggplot")
    expect_gt(length(ggplot2::ggplot_build(picture)$data), 0L)
  })
  compared <- ggplot2::ggplot_build(ggplot2::autoplot(all$compare_models))$data
  table <- all$compare_models$table
  expect_setequal(compared[[3L]]$x, table$difference)
  expect_identical(compared[[3L]]$x[compared[[3L]]$colour == "firebrick"], 0)
  expect_equal(compared[[2L]]$xend - compared[[3L]]$x, replace(table$difference_se, is.na(table$difference_se), 0))
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

# Where a pdf puts its texts: x, y (inches from below) and text.
places_drawn <- function(code, width, height) {
  file <- tempfile(fileext = ".pdf")
  grDevices::pdf(file, width, height, compress = FALSE, useKerning = FALSE)
  code()
  grDevices::dev.off()
  lines <- grep("Tm.*Tj", readLines(file, warn = FALSE), value = TRUE, useBytes = TRUE)
  numbers <- strsplit(sub("^.*Tf +(.*) Tm.*$", "\\1", lines), " +")
  data.frame(
    x = vapply(numbers, function(part) as.numeric(part[5L]), 1) / 72, y = vapply(numbers, function(part) as.numeric(part[6L]), 1) / 72,
    text = gsub("\\", "", sub("^.* Tm \\((.*)\\) Tj.*$", "\\1", lines), fixed = TRUE)
  )
}

test_that("a small picture holds all rows, its whole title and ticks that do not touch", {
  skip_without_core()
  data <- picture_data(20L, "long", p = 12L, n = 10L)
  names <- names(data)[1:12]
  formula <- stats::as.formula(paste("y ~", paste(names, collapse = " + ")))
  fit <- sparse_mtl(formula, data, "ward", s = 3, lambda_1 = 0.1)
  average <- average_of(list(fit, update(fit, s = 2)))
  for (one in list(fit, average)) {
    seen <- places_drawn(function() plot(one), 4, 3)
    rows <- nrow(shown_support(one, 60L))
    expect_identical(sum(grepl("^prot.*[0-9]$", seen$text)), rows)
    expect_true(all(seen$y > 0 & seen$y < 3 - 0.05))
    expect_true(any(grepl("^Selected features", seen$text)))
  }
  path <- path_sparse_mtl(formula, data, "ward", s = 2, lambda_1 = 0.1, lambda_z = c(0, 0.01, 0.1, 1, 10, 100))
  seen <- places_drawn(function() plot(path), 4, 3)
  tens <- sort(seen$x[seen$text == "10" & seen$y < 1])
  expect_gt(length(tens), 1L)
  expect_true(all(diff(tens) > 0.25))
})

test_that("the picture of a dial says what is chosen, and its key names what is seen", {
  skip_without_core()
  skip_if_not_installed("ggplot2")
  set.seed(2)
  data <- data.frame(site = rep(c("a", "b"), each = 40), matrix(rnorm(480), 80))
  data$y <- ifelse(data$site == "a", 3, -3) * data$X1 + rnorm(80, sd = 0.2)
  near <- cv_sparse_mtl(y ~ ., data, "site", s = 1:3, lambda_1 = c(0, 0.1), folds = 3, rng = 1)
  far <- near
  far$table$mean[nrow(far$table)] <- 1e3
  for (cv in list(near, far)) {
    null <- cv$table$mean[nrow(cv$table)]
    limits <- dial_limits(cv, dial_curves(cv))
    seen <- places_drawn(function() plot(cv), 4, 3)
    expect_identical("null" %in% seen$text, null >= limits[1L] && null <= limits[2L])
    expect_true(any(grepl(paste0("Chosen: ", dial_chosen(cv)), seen$text)))
    expect_true(all(c("pool", "share", "separate", "1", "2", "3") %in% seen$text))
    expect_match(ggplot2::autoplot(cv)$labels$title, paste0("Chosen: ", dial_chosen(cv)))
  }
})

test_that("names of few columns stand upright in autoplot() where they would hide one another", {
  skip_if_not_installed("ggplot2")
  expect_identical(cell_guide(c("north", "south"))$angle, 0)
  expect_identical(cell_guide(paste("University Hospital", 1:2, "ward"))$angle, 90)
  expect_identical(cell_guide(letters[1:7])$angle, 90)
})

test_that("a key says which lines of a cross-validation are outside", {
  skip_without_core()
  skip_if_not_installed("ggplot2")
  set.seed(3)
  data <- data.frame(site = rep(c("a", "b"), each = 30), matrix(rnorm(360), 60))
  data$y <- 5 * data$X1 + 4 * data$X2 + 3 * data$X3 + rnorm(60, sd = 0.1)
  cv <- cv_sparse_mtl(y ~ ., data, "site", s = 1:5, lambda_1 = 0, lambda_2 = 0, lambda_z = c(0, 0.1), folds = 3, rng = 1)
  curves <- cv_curves(cv)
  outside <- tapply(curves$table$mean, curves$table$line, min) > cv_limits(curves, "rmse")[2L]
  expect_true(any(outside))
  seen <- places_drawn(function() plot(cv), 7, 5)$text
  picture <- ggplot2::ggplot_build(ggplot2::autoplot(cv))$plot$data$line
  for (s in 1:5) {
    expect_identical(paste(s, "(above)") %in% seen, outside[[s]], info = s)
    expect_identical(paste(s, "(above)") %in% levels(picture), outside[[s]], info = s)
  }
})
