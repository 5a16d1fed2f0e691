#!/usr/bin/env bash
# Prints the Homebrew formula of a release: formula.sh TAG FOLDER
# FOLDER has the files hydrant-TAG-TARGET.tar.gz.sha256 of the release.
set -euo pipefail
tag=$1 folder=$2
release=https://github.com/hydrant-dev/hydrant/releases/download/$tag

# source TARGET: the lines of one archive
source_of() {
  local name=hydrant-$tag-$1.tar.gz
  printf '      url "%s/%s"\n      sha256 "%s"\n' "$release" "$name" "$(cut -d ' ' -f 1 "$folder/$name.sha256")"
}

cat <<FORMULA
class Hydrant < Formula
  desc "Render Kubernetes manifests and deliver them to git"
  homepage "https://github.com/hydrant-dev/hydrant"
  version "${tag#v}"
  license "Apache-2.0"

  on_macos do
    on_arm do
$(source_of aarch64-apple-darwin)
    end
    on_intel do
$(source_of x86_64-apple-darwin)
    end
  end

  on_linux do
    on_arm do
$(source_of aarch64-unknown-linux-musl)
    end
    on_intel do
$(source_of x86_64-unknown-linux-musl)
    end
  end

  def install
    bin.install "hydrant"
    %w[kubectl argocd flux].each { |name| bin.install_symlink "hydrant" => "#{name}-hydrant" }
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/hydrant.bash" => "hydrant"
    zsh_completion.install "completions/hydrant.zsh" => "_hydrant"
    fish_completion.install "completions/hydrant.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/hydrant --version")
    assert_match "hydrant/v1", shell_output("#{bin}/hydrant schema")
  end
end
FORMULA
