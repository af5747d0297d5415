# Sourced by the other scripts here: finds Python, makes virtual environments,
# installs Debian packages where that is allowed and says what is missing where
# it is not.

readonly PYTHON_OLDEST="3.11"
# So long is waited for who uses an environment that has to be changed.
readonly LOCK_MINUTES=20
# Python's -m looks into the current directory first: started from another checkout,
# that one's code would run.
export PYTHONSAFEPATH=1
# Ctrl-C ends the script, also where the program that runs just then would survive it.
trap 'exit 130' INT

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

# Installs each Debian package whose probe fails.  Arguments: "package:probe"
# pairs; the probe is a shell command that succeeds where the package is there.
need_packages() {
    local missing=() pair
    for pair in "$@"; do
        eval "${pair#*:}" >/dev/null 2>&1 || missing+=("${pair%%:*}")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    local sudo=""
    if [ "$(id -u)" -ne 0 ]; then
        sudo="sudo -n"
        $sudo true 2>/dev/null || sudo="no"
    fi
    if [ "$sudo" = "no" ] || ! command -v apt-get >/dev/null; then
        die "these system packages are missing: ${missing[*]}
Install them (Debian: apt-get install ${missing[*]}) and run this again."
    fi
    say "installing system packages: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # Others may be installing too: wait for them.
    local log install=(apt-get install -y --no-install-recommends
        -o DPkg::Lock::Timeout=300)
    log="$(mktemp)"
    # An old package list is often enough, and the update is the slow part.
    if ! $sudo "${install[@]}" "${missing[@]}" >"$log" 2>&1; then
        { $sudo apt-get update &&
            $sudo "${install[@]}" "${missing[@]}"; } >"$log" 2>&1 ||
            { tail -n 20 "$log" >&2; die "could not install: ${missing[*]}"; }
    fi
    rm -f "$log"
}

# A suitable Python on this machine: the one that the variable PYTHON names, or the
# distribution's own before all others.  That is built with profile-guided
# optimisation; what version managers compile on the spot mostly is not, and a store
# on it needs a fifth to a quarter more CPU.
find_python() {
    local candidate
    for candidate in ${PYTHON:-/usr/bin/python3 python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c "import sys; sys.exit(sys.version_info < (${PYTHON_OLDEST/./, }))" \
            >/dev/null 2>&1; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

# make_environment DIRECTORY REQUIREMENT...: a virtual environment that holds
# the requirements; made anew when setup.cfg or the requirements have changed.
make_environment() {
    local directory="$1" stamp python
    shift
    need_packages "python3:find_python"
    python="$(find_python)" || die "Python $PYTHON_OLDEST or newer is needed"
    # By the Python below it: inside an environment made with it that is the same one.
    stamp="$(cat "$HOME_DIRECTORY/setup.cfg" "$HOME_DIRECTORY/bin/bootstrap.sh" |
        cksum | cut -d' ' -f1)-$("$python" -c 'import sys
print(sys.version_info[:2], sys.base_prefix)')-$*"
    is_current() { [ "$(cat "$directory/.stamp" 2>/dev/null)" = "$stamp" ]; }
    is_current && return 0
    # netifaces has no binary packages: it is compiled.
    need_packages "python3-venv:$python -m ensurepip --version" \
        "gcc:command -v cc" "python3-dev:$python -c 'import sysconfig, os, sys
sys.exit(not os.path.exists(sysconfig.get_path(\"include\") + \"/Python.h\"))'"
    mkdir -p "$directory"
    (
        lock_environment "$directory"
        # Somebody else may have made it while we waited.
        is_current && exit 0
        say "making the virtual environment $directory (a minute, once)"
        rm -f "$directory/.stamp"
        "$python" -m venv "$directory"
        "$directory/bin/python" -m pip install --quiet --disable-pip-version-check "$@" \
            2> >(grep -Ev '^ *(WARNING|DEPRECATION)' >&2) ||
            die "pip could not install $*"
        printf '%s' "$stamp" >"$directory/.stamp"
    )
}

# Until the shell that calls it ends, nobody else changes or (bin/with-tests) uses
# the environment.
lock_environment() {
    exec 9>>"$1/.lock"
    flock --nonblock 9 && return 0
    local users
    users="$(lslocks --noheadings --notruncate --output PID,PATH 2>/dev/null |
        awk -v lock="$(realpath "$1")/.lock" '$2 == lock { print $1 }' | sort -un |
        paste -sd' ')" || true
    say "waiting until nobody uses $1 (processes: ${users:-unknown}),
which has to be changed; $LOCK_MINUTES minutes at most"
    flock --timeout $((LOCK_MINUTES * 60)) 9 ||
        die "$1 is in use still: end what runs in it, and run this again"
}
