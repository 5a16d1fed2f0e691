complete -c hydrant -s s -l service -x -a '(hydrant completions --list services 2>/dev/null)'
complete -c hydrant -s e -l env -x -a '(hydrant completions --list environments 2>/dev/null)'
