_hydrant_names() {
    local kind= name names current=${COMP_WORDS[COMP_CWORD]}
    case ${COMP_WORDS[COMP_CWORD-1]} in
        -s|--service) kind=services ;;
        -e|--env|--environment) kind=environments ;;
        --from|--to) if [ "${COMP_WORDS[1]}" = promote ]; then kind=environments; fi ;;
    esac
    if [ -z "$kind" ]; then
        _hydrant "$@"
        return
    fi
    COMPREPLY=()
    mapfile -t names < <(hydrant completions --list "$kind" 2>/dev/null)
    for name in "${names[@]}"; do
        if [[ $name == "$current"* ]]; then COMPREPLY+=("$(printf %q "$name")"); fi
    done
}
complete -F _hydrant_names -o bashdefault -o default hydrant
