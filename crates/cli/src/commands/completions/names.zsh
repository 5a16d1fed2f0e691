_hydrant_names() {
    local kind=
    case ${words[CURRENT-1]} in
        (-s|--service) kind=services ;;
        (-e|--env|--environment) kind=environments ;;
        (--from|--to) if [[ ${words[2]} == promote ]]; then kind=environments; fi ;;
    esac
    if [[ -z $kind ]]; then
        _hydrant "$@"
        return
    fi
    local -a names
    names=("${(@f)$(hydrant completions --list $kind 2>/dev/null)}")
    compadd -a names
}
compdef _hydrant_names hydrant
