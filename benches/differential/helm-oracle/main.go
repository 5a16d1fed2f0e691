// The reference side of functions.py: executes templates with helm's own engine and functions.
//
// Reads one JSON object a line ({"template": BASE64}) and answers with one ({"output": BASE64} or {"error": BASE64}).
// The template is a file of the chart that the first argument names.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
)

type request struct {
	Template []byte `json:"template"`
}

type answer struct {
	Output []byte `json:"output"`
	Error  []byte `json:"error"` // nil if there is an output
}

const name = "templates/NOTES.txt"

func run(folder string, r request) (result answer) {
	defer func() {
		if why := recover(); why != nil {
			result = answer{Error: []byte(fmt.Sprint("panic: ", why))}
		}
	}()
	loaded, err := loader.LoadDir(folder)
	if err != nil {
		panic(err)
	}
	loaded.Templates = append(loaded.Templates, &common.File{Name: name, Data: r.Template})
	options := common.ReleaseOptions{Name: "r", Namespace: "default", Revision: 1, IsInstall: true}
	values, err := util.ToRenderValues(loaded, map[string]any{}, options, common.DefaultCapabilities.Copy())
	if err != nil {
		panic(err)
	}
	rendered, err := engine.Render(loaded, values)
	if err != nil {
		return answer{Error: []byte(err.Error())}
	}
	return answer{Output: append([]byte{}, rendered[loaded.Name()+"/"+name]...)}
}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var r request
			if err := json.Unmarshal(line, &r); err != nil {
				panic(err)
			}
			if err := encoder.Encode(run(os.Args[1], r)); err != nil {
				panic(err)
			}
			out.Flush()
		}
		if err != nil {
			return
		}
	}
}
