#!/usr/bin/env bash
# bare-debian.sh: the proof that R users need no compiler. In a Debian 12 made from nothing (debootstrap; root and a network are needed for
# that), with R and Python and neither compiler nor make, the package of dist/r (make dist) is installed and two lines of R, run without a
# network, fit the shipped data. Also what is said where python3-venv is missing. Minutes, so not part of make test.
set -euo pipefail
cd "$(dirname "$0")/.."
package=$(ls dist/r/*_R_*.tar.gz)
mirror=${MIRROR:-http://deb.debian.org/debian}
root=$(mktemp -d)
trap 'umount "$root/proc" 2>/dev/null; rm -rf "$root"' EXIT

inside() { chroot "$root" env -i HOME=/root PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
step() { printf '== %s (%s s)\n' "$*" "$SECONDS"; }

step "Debian 12"
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }
rm -f "$root.log"
mount -t proc proc "$root/proc"
inside apt-get install -qq -y --no-install-recommends r-base-core r-cran-reticulate r-cran-jsonlite r-cran-generics python3 libpython3.11 >/dev/null 2>&1
for tool in g++ gcc cc c++ clang make; do
    if inside sh -c "command -v $tool"; then echo "There is a $tool: this root proves nothing."; exit 1; fi
done

step "R CMD INSTALL $(basename "$package")"
cp "$package" "$root/root/"
inside R CMD INSTALL "/root/$(basename "$package")" >/dev/null 2>&1

step "without python3-venv"
inside Rscript -e 'cat(conditionMessage(tryCatch(sparsekin::install_core(), error = identity)))' | tee "$root/said"
grep -q 'sudo apt-get install python3.11-venv' "$root/said"
inside apt-get install -qq -y --no-install-recommends python3-venv >/dev/null 2>&1

cat >"$root/root/install.R" <<'R'
sparsekin::install_core()
R
cat >"$root/root/fit.R" <<'R'
data <- subset(sparsekin::load_ad_biomarkers(), genotype %in% c("E2E3", "E3E3", "E3E4"), -c(p_tau, Ab_42, diagnosis))
fit <- sparsekin::sparse_mtl(tau ~ ., data, "genotype", s = 2, lambda_1 = 0.01)
print(fit)
print(sparsekin::core_info())
stopifnot(nrow(sparsekin::tidy(fit)) > 0, identical(sparsekin::core_info()$chosen, "the package's own environment"))
R
step "install_core(), without a network"
unshare -n chroot "$root" env -i HOME=/root PATH=/usr/bin:/bin LC_ALL=C.UTF-8 Rscript /root/install.R
step "the fit, without a network, in another session"
unshare -n chroot "$root" env -i HOME=/root PATH=/usr/bin:/bin LC_ALL=C.UTF-8 Rscript /root/fit.R
step "done"
