# Sourced by scripts that run guests: what a host needs besides Python.

# "package:probe" pairs, as need_packages takes them.
HOST_PACKAGES=(
    "qemu-system-x86:command -v qemu-system-x86_64"
    "qemu-utils:command -v qemu-img"
    "libvirt-daemon:command -v libvirtd"
    "libvirt-daemon-driver-qemu:ls /usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so"
    "libvirt-daemon-driver-lxc:ls /usr/lib/libvirt/libvirt_lxc"
    "e2fsprogs:PATH=$PATH:/usr/sbin command -v e2fsck"
    "fdisk:PATH=$PATH:/usr/sbin command -v sfdisk"
    "libvirt-dev:pkg-config --exists libvirt"
    "pkg-config:command -v pkg-config"
    "ipxe-qemu:ls /usr/lib/ipxe/qemu/efi-virtio.rom"
    "dnsmasq-base:command -v dnsmasq"
    "nftables:command -v nft"
    "iproute2:command -v ip"
    "conntrack:command -v conntrack"
    "openssh-client:command -v ssh"
)

# What a host can do without, though not all of its work.
WISHED_PACKAGES=(
    "haproxy:PATH=$PATH:/usr/sbin command -v haproxy"
)
FIRMWARE_PACKAGES=(
    "ovmf:ls /usr/share/OVMF/OVMF_CODE_4M.ms.fd"
    "swtpm:command -v swtpm"
    "swtpm-tools:command -v swtpm_setup"
)
# Only where RINGSTACK_EMULATED names the processor: a quarter of a GB.
AARCH64_PACKAGES=(
    "qemu-system-arm:command -v qemu-system-aarch64"
    "qemu-efi-aarch64:ls /usr/share/AAVMF/AAVMF_CODE.fd"
)

# Whether this machine can be made, or is, a host of guests; says why not.
may_host() {
    if [ "$(id -u)" -ne 0 ]; then
        say "not root: servers will be simulated (root is needed for bridges and guests)"
        return 1
    fi
    local pair missing=()
    for pair in "${HOST_PACKAGES[@]}"; do
        eval "${pair#*:}" >/dev/null 2>&1 || missing+=("${pair%%:*}")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        wish_for_packages
        return 0
    fi
    if ! command -v apt-get >/dev/null; then
        say "servers will be simulated: these packages are missing: ${missing[*]}"
        return 1
    fi
    # In a shell of its own: a failure there must not end this script.
    (need_packages "${HOST_PACKAGES[@]}") || {
        say "servers will be simulated: the packages could not be installed"
        return 1
    }
    wish_for_packages
}

# In a shell of its own: a host without them is a host all the same.
wish_for_packages() {
    (need_packages "${WISHED_PACKAGES[@]}") || say "there will be no load balancers"
    (need_packages "${FIRMWARE_PACKAGES[@]}") || say "there will be no UEFI, or no TPMs"
    case "${RINGSTACK_EMULATED:-}" in
    *aarch64*)
        (need_packages "${AARCH64_PACKAGES[@]}") || say "aarch64 will not be emulated"
        ;;
    esac
}

# The binding must match the library, so it is built against the one that is here.
install_libvirt_binding() {
    local environment="$1" version
    version="$(pkg-config --modversion libvirt 2>/dev/null)" || return 1
    has_binding() { "$environment/bin/python" -c "import libvirt" 2>/dev/null; }
    has_binding && return 0
    need_packages "gcc:command -v cc"
    (
        lock_environment "$environment"
        has_binding && exit 0
        "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
            "libvirt-python==$version" 2> >(grep -Ev '^ *(WARNING|DEPRECATION)' >&2)
    )
}

# The page of graphical consoles, beside the environment's Python.  Only the files: the
# package wants Node.js and fifty others, none of which a browser asks for.
fetch_novnc() {
    local environment="$1" page="share/novnc/vnc_lite.html" scratch
    { [ -e "/usr/$page" ] || [ -e "$environment/$page" ]; } && return 0
    { [ "$(id -u)" -eq 0 ] && command -v dpkg-deb >/dev/null; } || return 1
    mkdir -p "$environment/share"
    (
        # Another one may be fetching it, or have fetched it while we waited.  (The lock
        # of the environment would wait for all whose commands run in it.)
        exec 9>>"$environment/.novnc.lock"
        flock 9
        [ -e "$environment/$page" ] && exit 0
        scratch="$(mktemp -d -p "$environment/share" .novnc.XXXXXX)"
        trap 'rm -rf "$scratch"' EXIT
        cd "$scratch"
        # Not as the user who downloads for apt: he may not write here.
        fetch=(apt-get -qq -o APT::Sandbox::User=root download novnc)
        { "${fetch[@]}" || { apt-get -qq update && "${fetch[@]}"; }; } 2>/dev/null &&
            dpkg-deb --extract novnc_*.deb . && mv -T usr/share/novnc ../novnc
    )
    [ -e "$environment/$page" ]
}

# What every stage of the tests runs in: the distribution and all that it is checked
# with.
make_test_environment() {
    TEST_ENVIRONMENT="$HOME_DIRECTORY/.venv-test"
    make_environment "$TEST_ENVIRONMENT" --editable "$HOME_DIRECTORY[test]" \
        "tox>=4.20" "ruff>=0.6" "mypy>=1.11" types-jsonschema "import-linter>=2.0"
    # In a shell of its own: the tests of what browsers see are skipped without it.
    (need_packages "chromium:command -v chromium || command -v chromium-browser") ||
        say "no Chromium here: pages are not looked at"
    install_libvirt_binding "$TEST_ENVIRONMENT" ||
        say "no libvirt here: guests are simulated"
    fetch_novnc "$TEST_ENVIRONMENT" || say "no noVNC here: screens are not looked at"
}
