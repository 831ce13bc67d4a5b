# Families of tasks: what the user gives, the outcomes they take, and the scales of predictions.

# A model frame whose outcome, if it is a factor or text, is 0 and 1; its two levels are kept as an attribute.
code_outcome <- function(frame, terms) {
  at <- attr(terms, "response")
  y <- frame[[at]]
  if (!is.factor(y) && !is.character(y)) return(frame)
  labels <- task_factor(y)
  if (nlevels(labels) != 2L) {
    stop_sparsekin(
      "Outcome '", deparse1(attr(terms, "variables")[[2L]]), "' of a binomial task must have two levels; it has ",
      nlevels(labels), ": ", list_names(levels(labels)), ".", class = "sparsekin_DataError"
    )
  }
  frame[[at]] <- as.double(labels == levels(labels)[2L])
  structure(frame, outcome_levels = levels(labels))
}

# A factor or text of two levels is an outcome of a binomial task.
check_not_text <- function(frame, terms, family) {
  y <- frame[[attr(terms, "response")]]
  if (!is.factor(y) && !is.character(y)) return(invisible())
  labels <- levels(task_factor(y))
  if (length(labels) != 2L) return(invisible())
  stop_sparsekin(
    "Outcome '", deparse1(attr(terms, "variables")[[2L]]), "' is text (", list_names(labels), "): give family = \"binomial\", ",
    "which models the log odds of '", labels[2L], "', not ", paste0("\"", unique(unlist(family)), "\"", collapse = ", "), ".", class = "sparsekin_OptionError"
  )
}

# "binomial", binomial, binomial() or a list of them by task, as their names; poisson likewise.
read_family <- function(family) {
  named <- family_names(family)
  unknown <- setdiff(named, c("gaussian", "binomial", "poisson", "cox"))
  if (length(unknown) || !length(named)) stop_not_family(if (length(unknown)) unknown[1L] else family)
  named
}

family_names <- function(family) {
  if (is.function(family)) family <- tryCatch(family(), error = identity)
  if (inherits(family, "family")) return(canonical(family))
  if (is.list(family) && !is.object(family)) return(vapply(family, read_family, ""))
  if (is.character(family) && is.null(dim(family))) family else stop_not_family(family)
}

stop_not_family <- function(family) {
  stop_sparsekin(
    "family must be \"gaussian\", \"binomial\", \"poisson\" or \"cox\", or those by task, not ", shorten(deparse1(family), 60L), ".",
    class = "sparsekin_OptionError"
  )
}

# The name of a family object, whose link must be the one that is fitted.
canonical <- function(family) {
  link <- c(gaussian = "identity", binomial = "logit", poisson = "log")[family$family]
  if (!is.na(link) && family$link != link) {
    stop_sparsekin(
      "family ", family$family, " has link \"", family$link, "\"; fits are with link \"", link, "\".", class = "sparsekin_OptionError"
    )
  }
  family$family
}

# A family as the core takes it: one, several in the order of the tasks, or by task.
sent_family <- function(family) if (is.null(names(family))) family else as.list(family)

# Whether all outcomes are numbers with squared errors.
all_gaussian <- function(families) all(unlist(families) == "gaussian")

# The family of all tasks, as stats has it.
family_of <- function(object) {
  name <- unique(object$families)
  known <- list(gaussian = stats::gaussian, binomial = stats::binomial, poisson = stats::poisson)
  if (length(name) == 1L && name %in% names(known)) return(known[[name]]())
  if (length(name) == 1L) {
    stop_sparsekin("Survival times have no family() of 'stats'; see families of the fit.", class = "sparsekin_Unavailable")
  }
  stop_sparsekin(
    "family() has one answer, but the tasks have several families: ",
    paste0(names(object$families), " ", object$families, collapse = ", "), ".", class = "sparsekin_Unavailable"
  )
}

# Means of linear predictors, a column per family: probabilities, expected counts, and hazards beside that of 0.
as_response <- function(values, families) {
  binomial <- families == "binomial"
  logs <- families %in% c("poisson", "cox")
  values[, binomial] <- stats::plogis(values[, binomial])
  values[, logs] <- exp(values[, logs])
  values
}

scales <- c("response", "link", "risk", "survival")

# The scale asked for, NULL: means, of survival times the risk.
read_type <- function(type, times, families) {
  allowed <- c("response", "link")
  if ("cox" %in% families) allowed <- if (all(families == "cox")) c("risk", "link", "survival") else "link"
  type <- if (is.null(type)) allowed[1L] else check_choice(first(type), "type", scales)
  if (!type %in% allowed) {
    stop_sparsekin(
      "type = \"", type, "\" is not for ", paste(unique(families), collapse = ", "), " outcomes; use ",
      paste0("\"", allowed, "\"", collapse = " or "), ".", class = "sparsekin_OptionError"
    )
  }
  if ((type == "survival") != !is.null(times)) {
    stop_sparsekin(
      "times goes with type = \"survival\": the times at which survival is predicted.", class = "sparsekin_OptionError"
    )
  }
  type
}
