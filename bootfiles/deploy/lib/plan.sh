# shellcheck shell=dash
# The plan: fetched, checked to hold nothing but step calls, then executed.

STEPS='step_plan step_require_secure_boot_off step_select_disk step_select_disks step_disk_size step_needs_tpm step_needs_tang
step_claim step_wipe step_partition step_partition_table step_raid step_luks step_volume_group step_logical_volume step_filesystem
step_subvolume step_mount step_unpack step_file step_link step_group step_user step_authorized_keys step_service
step_host_keys step_unlock step_initramfs step_boot_loader step_esp_copy step_script step_first_boot step_finish'

# A call is a name of the list and single-quoted words: '...' with \' between two parts, nothing else. A word may go
# over several lines. Whatever could make the shell do more than call a step fails here, before anything is executed.
plan_is_calls_only() { # FILE
    awk -v steps="$STEPS" '
        function refuse(why) { print "line " NR ": " why; refused = 1; exit 1 }
        BEGIN { n = split(steps, list, /[ \n]+/); for (i = 1; i <= n; i++) known[list[i]] = 1 }
        {
            rest = $0
            if (!quoted) {
                if (rest ~ /^ *$/) next
                if (finished) refuse("a call after step_finish")
                if (!match(rest, /^[a-z_]+/)) refuse("no step name")
                name = substr(rest, 1, RLENGTH)
                if (!(name in known)) refuse("unknown step " name)
                if (!calls && name != "step_plan") refuse("the first step is not step_plan")
                calls++
                if (name == "step_finish") finished = 1
                rest = substr(rest, RLENGTH + 1)
                if (rest != "" && rest !~ /^ /) refuse("no blank after " name)
            }
            while (rest != "" || quoted) {
                if (quoted) {
                    end = index(rest, "\047")
                    if (!end) next
                    quoted = 0
                    rest = substr(rest, end + 1)
                } else {
                    first = substr(rest, 1, 1)
                    if (first == "\047") quoted = 1
                    else if (substr(rest, 1, 2) == "\\\047") rest = substr(rest, 2)
                    else if (first != " ") refuse("an argument of " name " is not quoted")
                    rest = substr(rest, 2)
                }
            }
        }
        END {
            if (refused) exit 1
            if (quoted) { print "the last quote is not closed"; exit 1 }
            if (!finished) { print "the plan does not end with step_finish"; exit 1 }
        }' "$1"
}

run_plan() {
    local why
    step=plan
    http 300 GET plan || fail "no plan: $http_reason"
    cp "$ND/answer" "$ND/plan"
    why=$(plan_is_calls_only "$ND/plan") || fail "the plan was refused: $why"
    # shellcheck source=/dev/null
    # (what was checked above)
    . "$ND/plan"
    fail "the plan ended without step_finish"
}

step_plan() { # VERSION DEPLOYMENT MACHINE
    machine=$3
    case $1 in
        1 | 2) ;;
        *) fail "plan version $1 is unknown to this environment ($(build_id)), it knows 1 and 2: netdeploy bootfiles build" ;;
    esac
    [ "$2" = "$deployment" ] || fail "the plan is for deployment $2, not for $deployment"
    say "deploying $machine, deployment $deployment"
}

# Sets what a failure is named after, and tells the server.
begin() { # STEP DETAIL
    step=$1
    say "$1 ${2:-}"
    progress "$1" 0 "${2:-}"
}

progress() { # STEP PERCENT DETAIL
    printf 'step=%s\npercent=%s\ndetail=%s\n' "$1" "$2" "$(one_line "$3")" >"$ND/progress"
    # A report of progress may be lost: it holds nothing up.
    http_once 5 POST progress "$ND/progress" || note "progress not reported: $http_reason"
}
