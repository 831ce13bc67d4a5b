#' Plasma proteins, genotype and markers of Alzheimer's disease
#'
#' 333 people, 124 plasma proteins, age, sex, APOE genotype, three markers in cerebrospinal fluid (`tau`, `p_tau`,
#' `Ab_42`) and the diagnosis.
#'
#' @return A data frame with one row per person.
#' @references Craig-Schapiro et al. (2011), Multiplexed immunoassay panel identifies novel CSF biomarkers for
#'   Alzheimer's disease diagnosis and prognosis. PLoS ONE 6(4): e18850 (CC BY).
#' @examplesIf sparsekin::core_available()
#' people <- load_ad_biomarkers()
#' table(people$genotype)
#' @export
load_ad_biomarkers <- function() call_core("load_ad_biomarkers")
