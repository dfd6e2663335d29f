# bash completion for buftrack                             -*- shell-script -*-
# shellcheck shell=bash

# The verbs, and those of device
_buftrack_verbs='status list remaining events diff replay record run bridge device enable disable reset version help'
_buftrack_device_verbs='add remove set'

_buftrack_options() {
	local limits='--max-records --client-records --freed-records --max-clients --max-closed
		--max-remaining'
	local query='--device --client --pid --space --min-size --max-size --min-age --max-age
		--sort --by --reverse --limit --stacks --json'
	case $1 in
	status) echo '--device --json --fail-on --all-clients --by' ;;
	list) echo "$query --state" ;;
	remaining) echo "$query" ;;
	events) echo '--follow --verdict --client --pid --space --since --all --json' ;;
	diff) echo '--json' ;;
	replay) echo "$limits --format --keep --offline --all-clients --json" ;;
	run) echo '--fail-on --stacks --no-stacks --swallowed --record --offline --json --report' ;;
	bridge) echo '--socket --mode --config --sysfs --max-connections --max-addresses --verbose' ;;
	'device add') echo '--space --json' ;;
	'device remove') echo '--force --json' ;;
	'device set') echo "$limits --stacks --space --device" ;;
	enable | disable | reset) echo '--device' ;;
	version) echo '--json' ;;
	esac
}

# Prints the names of the existing devices.
_buftrack_devices() {
	buftrack status --json 2> /dev/null | sed -nE 's/^      "name": "([^"\\]*)",$/\1/p'
}

# Prints the known values of an option of a verb.
_buftrack_values() {
	case $1 in
	--stacks) [ "$2" != 'device set' ] || echo 'on off' ;;
	--device) _buftrack_devices ;;
	--sort) echo 'age size address client' ;;
	--by) echo site ;;
	--format) echo 'trace allocation-server-log' ;;
	--state) echo 'live freed remaining doubtful orphaned all' ;;
	--verdict) echo 'double_free stale_free foreign_free size_mismatch refused_free
		invalid_free unknown_free unknown_free.pre_attach unknown_free.gap
		unknown_free.evicted unknown_free.other_id unknown_free.never use_after_free
		double_alloc overlap' ;;
	--fail-on) echo 'double_free stale_free foreign_free size_mismatch refused_free
		invalid_free unknown_free unknown_free.pre_attach unknown_free.gap
		unknown_free.evicted unknown_free.other_id unknown_free.never use_after_free
		double_alloc overlap untracked disabled remaining uncovered' ;;
	esac
}

# Succeeds for an option whose value cannot be completed.
_buftrack_takes_value() {
	case $1 in
	--client | --pid | --space | --min-size | --max-size | --min-age | --max-age | --limit | --since | \
		--mode | --max-connections | --max-addresses | \
		--max-records | --client-records | --freed-records | --max-clients | --max-closed | --max-remaining) ;;
	*) return 1 ;;
	esac
}

_buftrack() {
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=${COMP_WORDS[1]-} first=2 words=
	# A completed name may contain spaces.
	local IFS=$' \t\n'
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$_buftrack_verbs --help --version" -- "$current")
		return
	fi
	if [ "$verb" = device ]; then
		if [ "$COMP_CWORD" = 2 ]; then
			mapfile -t COMPREPLY < <(compgen -W "$_buftrack_device_verbs" -- "$current")
			return
		fi
		verb="device ${COMP_WORDS[2]}" first=3
	fi
	words=$(_buftrack_values "$before" "$verb")
	if [ -n "$words" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
		return
	fi
	_buftrack_takes_value "$before" && return
	case $before in
	--socket | --config | --sysfs | --record | --report)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	esac
	case $current in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "$(_buftrack_options "$verb") --help" -- "$current")
		return
		;;
	esac
	case $verb in
	run) mapfile -t COMPREPLY < <(compgen -c -- "$current") ;;
	replay | diff | record) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
	events) mapfile -t COMPREPLY < <(compgen -W "$(_buftrack_devices)" -- "$current") ;;
	help) mapfile -t COMPREPLY < <(compgen -W "$_buftrack_verbs" -- "$current") ;;
	'device remove' | 'device set' | enable | disable | reset)
		[ "$COMP_CWORD" -gt "$first" ] ||
			mapfile -t COMPREPLY < <(compgen -W "$(_buftrack_devices)" -- "$current")
		;;
	esac
}

complete -o filenames -F _buftrack buftrack
