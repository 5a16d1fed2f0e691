#!/usr/bin/env python3
"""Write N overlays over one base of M services, and an index for the example `build_many`.

usage: overlays.py N M OUT_DIR [MAKE_SCALE]      # OUT_DIR/base, OUT_DIR/overlays/o0 …, OUT_DIR/index.json

Each overlay has a namespace of its own, patches one Deployment and sets one image, as the overlays of a fleet do. The base
comes from ../shared/bench/make_scale.py (or MAKE_SCALE). There is nothing to compare with: build them with and without
`--alone` and see that both print the same sum.
"""
import json, pathlib, subprocess, sys

n, m, out = int(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
here = pathlib.Path(__file__).resolve().parent
make_scale = sys.argv[4] if len(sys.argv) > 4 else here.parent.parent / "shared/bench/make_scale.py"
subprocess.run([sys.executable, make_scale, m, out], check=True, stdout=subprocess.DEVNULL)
index = []
for i in range(n):
    folder = out / f"overlays/o{i}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kustomization.yaml").write_text(f"""namespace: team-{i}
resources: [../../base]
images:
- {{name: registry.example.com/svc0, newTag: v{i}}}
patches:
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: svc1}}
    spec: {{replicas: {i}}}
""")
    index.append({"dir": f"overlays/o{i}"})
(out / "index.json").write_text(json.dumps(index))
