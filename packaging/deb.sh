#!/usr/bin/env bash
# Makes wanctl_VERSION_ARCH.deb in dist-deb/, for the Debian and the processor it runs on: the built program, node and the
# native modules, so that the target needs neither npm nor a compiler. Wants dpkg-dev, and go-md2man for the man pages.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(node -p 'require("./package.json").version')
arch=$(dpkg --print-architecture)
out=dist-deb
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
lib=$stage/usr/lib/wanctl
doc=$stage/usr/share/doc/wanctl

# put MODE FILE... FOLDER: copies into a folder of the package, made where it is missing
put() {
  local mode=$1 to=$stage/${*: -1}
  install -d "$to"
  install -m "$mode" "${@:2:$#-2}" "$to"
}

program() {
  npm run --silent build
  install -d "$lib"
  cp -a dist config "$lib/"
  rm -rf "$lib"/dist/{test,bench}
  find "$lib/dist" -name '*.map' -delete
  cp package.json package-lock.json "$lib/"
  put 755 "$(command -v node)" usr/lib/wanctl
  put 755 packaging/wanctl packaging/wanctl-history usr/bin
}

# What runs, without sources, tests and what is for other platforms.
modules() {
  cp -a node_modules "$lib/"
  (cd "$lib" && npm prune --omit=dev --ignore-scripts --no-audit --no-fund --silent)
  rm "$lib/package-lock.json"
  local m=$lib/node_modules
  # of zeromq's builds the one that its loader takes here
  local addon
  addon=$(node -p 'require("zeromq"); fs.readFileSync("/proc/self/maps", "utf8").match(/node_modules(.zeromq\S*addon\.node)/)[1]')
  rm -rf "$m"/better-sqlite3/{deps,src,binding.gyp} "$m"/koffi/{vendor,doc,lib} "$m"/@koromix/*/musl* \
    "$m"/zeromq/{src,script} "$m"/node-addon-api "$m"/@types "$m"/.bin "$m"/.package-lock.json
  find "$m/better-sqlite3/build" -type f ! -name better_sqlite3.node -delete
  find "$m/zeromq/build" -name '*.node' ! -path "$m$addon" -delete
  find "$m" \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.md' ! -iname 'LICENSE*' \) -delete
  find "$m" -maxdepth 3 -type d \( -name test -o -name benchmark -o -name benchmarks -o -name examples \) -prune -exec rm -rf {} +
  find "$m" -type d -empty -delete
  # too much was deleted if one cannot be loaded any more
  (cd "$lib" && ./node --input-type=module -e '
    import { readFileSync } from "node:fs";
    for (const name of Object.keys(JSON.parse(readFileSync("package.json")).dependencies)) await import(name);
    process.exit()')
}

papers() {
  put 644 systemd/* usr/lib/systemd/system
  put 640 config/recorder.yaml etc/wanctl
  put 644 config/spectrum.yaml config/att.yaml usr/share/doc/wanctl/examples
  put 644 README.md ARCHITECTURE.md SECURITY.md docs/*.md usr/share/doc/wanctl
  gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
  { cat LICENSE && printf '\nIncludes Node.js and npm modules; their licences:\n\n' &&
    cat "$(dirname "$(readlink -f "$(command -v node)")")"/../{LICENSE,share/doc/nodejs/copyright} 2>/dev/null || true; } >"$doc/copyright"
  local page
  cp -r prometheus grafana "$doc/examples/"
  install -d "$stage/usr/share/man/man1"
  for page in docs/*.md; do
    [[ $(head -1 "$page") == "# wanctl "* ]] || continue # not of a program
    sed '1s/^# wanctl \(.*\)/# wanctl-\1 1/; /^<!-- /d' "$page" | go-md2man | gzip -9n >"$stage/usr/share/man/man1/wanctl-$(basename "$page" .md).1.gz"
  done
  install -d "$stage/usr/share/bash-completion/completions" "$stage/usr/share/zsh/vendor-completions"
  node dist/cli/wanctl.js completion bash >"$stage/usr/share/bash-completion/completions/wanctl"
  ln -s wanctl "$stage/usr/share/bash-completion/completions/wanctl-history"
  node dist/cli/wanctl.js completion zsh >"$stage/usr/share/zsh/vendor-completions/_wanctl"
}

control() {
  put 755 packaging/debian/{postinst,prerm,postrm} DEBIAN
  echo /etc/wanctl/recorder.yaml >"$stage/DEBIAN/conffiles"
  sed -e "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$(du -sk "$stage" | cut -f1)/" \
    packaging/debian/control >"$stage/DEBIAN/control"
}

program
modules
papers
control
chmod -R go-w,u+w "$stage"
mkdir -p "$out"
dpkg-deb --root-owner-group -Zxz --build "$stage" "$out/wanctl_${version}_$arch.deb"
