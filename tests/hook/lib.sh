# shellcheck shell=bash
# Shared by the tests of tt-metal's runtime. Sourced, after tests/vm/lib.sh.

# runtime_settings VENV BOARD: prints the variables that the mock device needs.
runtime_settings() {
	local package
	package=$(echo "$1"/lib/python3.*/site-packages/ttnn)
	cat <<- END
		TT_METAL_MOCK_CLUSTER_DESC_PATH=$ROOT/tests/hook/mock/$2.yaml
		ARCH_NAME=wormhole_b0
		TT_METAL_CACHE=$1/kernels
		TT_METAL_HOME=$package
		TT_METAL_RUNTIME_ROOT=$package
		TT_LOGGER_LEVEL=FATAL
	END
	# The mock device of these versions knows slow dispatch only.
	case $1 in
	*-0.68.* | *-0.72.*) echo TT_METAL_SLOW_DISPATCH_MODE=1 ;;
	esac
}
