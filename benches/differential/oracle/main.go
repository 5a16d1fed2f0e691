// The reference side of the comparison: executes templates with Go's text/template.
//
// Reads one JSON object a line ({"template": TEXT, "data": VALUE, "missingkey": OPTION}) and answers with one
// ({"output": TEXT} or {"error": TEXT}). Texts are base64, since templates may hold any bytes.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"text/template"
)

type request struct {
	Template   []byte `json:"template"`
	Data       any    `json:"data"`
	MissingKey string `json:"missingkey"`
}

type answer struct {
	Output []byte `json:"output"`
	Error  []byte `json:"error"` // nil if there is an output
}

// Few functions, so that both sides can have them: values of more kinds, and typed parameters.
func functions(set *template.Template) template.FuncMap {
	return template.FuncMap{
		"list":    func(items ...any) []any { return items },
		"strings": func(items ...string) []string { return items },
		"dict": func(pairs ...any) map[string]any {
			m := map[string]any{}
			for i := 0; i+1 < len(pairs); i += 2 {
				if key, ok := pairs[i].(string); ok {
					m[key] = pairs[i+1]
				}
			}
			return m
		},
		// Containers are refused: Go's process ends when a map that contains itself is printed.
		"set": func(m map[string]any, key string, value any) (map[string]any, error) {
			switch value.(type) {
			case map[string]any, []any:
				return nil, errors.New("set takes no containers")
			}
			m[key] = value
			return m, nil
		},
		"smap":    func(key, value string) map[string]string { return map[string]string{key: value} },
		"i64":     func(v int64) int64 { return v },
		"flo":     func(v float64) float64 { return v },
		"num":     func(v int) int { return v },
		"yes":     func(v bool) bool { return v },
		"text":    func(v string) string { return v },
		"bytes":   func(v string) []byte { return []byte(v) },
		"nothing": func() any { return nil },
		"nilmap":  func() map[string]any { return nil },
		"nillist": func() []any { return nil },
		"fail":    func(message string) (string, error) { return "", errors.New(message) },
		"include": func(name string, data any) (string, error) {
			var buffer bytes.Buffer
			err := set.ExecuteTemplate(&buffer, name, data)
			return buffer.String(), err
		},
	}
}

func run(r request) (result answer) {
	set := template.New("t")
	set.Funcs(functions(set))
	if r.MissingKey != "" {
		set.Option("missingkey=" + r.MissingKey)
	}
	if _, err := set.Parse(string(r.Template)); err != nil {
		return answer{Error: []byte(err.Error())}
	}
	var buffer bytes.Buffer
	if err := set.Execute(&buffer, r.Data); err != nil {
		return answer{Error: []byte(err.Error())}
	}
	return answer{Output: append([]byte{}, buffer.Bytes()...)}
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var r request
			if err := json.Unmarshal(line, &r); err != nil {
				panic(err)
			}
			if err := encoder.Encode(run(r)); err != nil {
				panic(err)
			}
		}
		if err != nil {
			return
		}
	}
}
