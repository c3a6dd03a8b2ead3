#!/usr/bin/env bash
# Builds dist-deb/wanctl_VERSION_ARCH.deb for the architecture of this host: the program, Node 24 and the native modules,
# so that the target needs neither npm nor a compiler. Requires a previous npm ci, npm and dpkg-deb; downloads node and
# the modules from the npm registry.
set -euo pipefail
cd "$(dirname "$0")/../.."
# a supported release: 24 is LTS until April 2028
NODE_RELEASE=24

missing=()
for tool in node npm dpkg-deb dpkg gzip xz; do command -v "$tool" >/dev/null || missing+=("$tool"); done
[[ -x node_modules/.bin/marked-man && -x node_modules/.bin/tsc ]] || missing+=("the packages of npm ci")
if ((${#missing[@]})); then
  echo "npm run package: needs ${missing[*]}" >&2
  exit 1
fi

version=$(node -p 'require("./package.json").version')
arch=$(dpkg --print-architecture)
case $arch in
  amd64) npm_arch=x64 ;;
  arm64) npm_arch=arm64 ;;
  *) echo "npm run package: must be amd64 or arm64: got $arch" >&2 && exit 1 ;;
esac
out=dist-deb
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
lib=$stage/usr/lib/wanctl
doc=$stage/usr/share/doc/wanctl

# put MODE FILE... FOLDER: copies files into a folder of the package, creating it if needed
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
  find "$lib/dist" \( -name '*.map' -o -name .tsbuildinfo \) -delete
  cp package.json package-lock.json "$lib/"
  npm install --prefix "$stage/node" --no-save --no-audit --no-fund --silent "node-linux-$npm_arch@$NODE_RELEASE"
  put 755 "$stage/node/node_modules/node-linux-$npm_arch/bin/node" usr/lib/wanctl
  put 755 deploy/debian/wanctl deploy/debian/wanctl-history usr/bin
}

# Runtime modules, without sources, tests and files for other platforms. Nothing is compiled: all have prebuilt binaries.
modules() {
  (
    cd "$lib"
    export PATH=$lib:$PATH # so that npm uses the node that will run them
    npm pkg delete optionalDependencies.better-sqlite3-node20
    npm install --omit=dev --ignore-scripts --no-audit --no-fund --silent
    rm package-lock.json
  )
  local m=$lib/node_modules
  # keep only the zeromq build that its loader selects here
  local addon
  addon=$(cd "$lib" && ./node -p 'require("zeromq"); fs.readFileSync("/proc/self/maps", "utf8").match(/node_modules(.zeromq\S*addon\.node)/)[1]')
  rm -rf "$m"/better-sqlite3/{deps,src,binding.gyp} "$m"/koffi/{vendor,doc,lib} "$m"/@koromix/*/musl* \
    "$m"/zeromq/{src,script} "$m"/node-addon-api "$m"/@types "$m"/.bin "$m"/.package-lock.json
  find "$m/koffi/src" -type f ! -name '*.js' ! -name '*.cjs' -delete
  find "$m/better-sqlite3/prebuilds" -type f ! -name "linux-$npm_arch.node" -delete
  find "$m/zeromq/build" -name '*.node' ! -path "$m$addon" -delete
  find "$m" \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.md' ! -iname 'LICENSE*' \) -delete
  find "$m" -maxdepth 3 -type d \( -name test -o -name benchmark -o -name benchmarks -o -name examples \) -prune -exec rm -rf {} +
  find "$m" -type d -empty -delete
  # fails if too much was deleted
  (cd "$lib" && ./node --input-type=module -e '
    import { readFileSync } from "node:fs";
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync("package.json"));
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) await import(name);
    const { default: Database } = await import("better-sqlite3");
    new Database(":memory:").close();
    process.exit()')
}

papers() {
  put 644 systemd/* usr/lib/systemd/system
  put 640 config/recorder.yaml etc/wanctl
  # same layout as the source tree, so that links between pages work
  put 644 README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md usr/share/doc/wanctl
  put 644 docs/*.md usr/share/doc/wanctl/docs
  put 644 docs/internals/*.md usr/share/doc/wanctl/docs/internals
  local example
  for example in config/*.yaml; do
    [[ $example == config/@(demo-*|bed).yaml ]] || put 644 "$example" usr/share/doc/wanctl/config
  done
  install -d "$doc/deploy"
  cp -r deploy/prometheus deploy/grafana "$doc/deploy/"
  ln -s /usr/lib/systemd/system "$doc/systemd"
  ln -s changelog.gz "$doc/CHANGELOG.md.gz"
  gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
  { cat LICENSE && printf '\nIncludes Node.js and npm modules; their licences:\n\n' &&
    cat "$stage/node/node_modules/node-linux-$npm_arch/LICENSE"; } >"$doc/copyright"
  manual
  install -d "$stage/usr/share/bash-completion/completions" "$stage/usr/share/zsh/vendor-completions"
  node dist/cli/wanctl.js completion bash >"$stage/usr/share/bash-completion/completions/wanctl"
  ln -s wanctl "$stage/usr/share/bash-completion/completions/wanctl-history"
  node dist/cli/wanctl.js completion zsh >"$stage/usr/share/zsh/vendor-completions/_wanctl"
}

# man NAME DESCRIPTION: makes a section 1 page from markdown on standard input
man() {
  { printf '# %s(1) -- %s\n' "$1" "$2" && cat; } |
    node_modules/.bin/marked-man --no-breaks --name "$1" --section 1 --version "$version" --manual wanctl |
    gzip -9n >"$stage/usr/share/man/man1/$1.1.gz"
}

# wanctl(1), and a page for each command documented in docs/, with the description from its help
manual() {
  local page name
  install -d "$stage/usr/share/man/man1"
  { cat deploy/debian/wanctl.md && node dist/cli/wanctl.js --help | sed 's/^/    /'; } |
    man wanctl "keep internet uplinks free of bufferbloat"
  for page in docs/*.md; do
    [[ $(head -1 "$page") == "# wanctl "* ]] || continue # not a command
    name=$(basename "$page" .md)
    sed '1d; /^<!-- /d' "$page" |
      man "wanctl-$name" "$(node dist/cli/wanctl.js "$name" --help | awk -v RS= 'NR == 2 { gsub(/\n */, " "); print }')"
  done
}

control() {
  put 755 deploy/debian/{postinst,prerm,postrm} DEBIAN
  echo /etc/wanctl/recorder.yaml >"$stage/DEBIAN/conffiles"
  sed -e "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$(du -sk "$stage" | cut -f1)/" \
    deploy/debian/control >"$stage/DEBIAN/control"
}

program
modules
papers
control
rm -rf "$stage/node"
chmod -R go-w,u+w "$stage"
mkdir -p "$out"
dpkg-deb --root-owner-group -Zxz --build "$stage" "$out/wanctl_${version}_$arch.deb"
