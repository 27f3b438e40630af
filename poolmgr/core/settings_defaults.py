"""The long default lists: what a build or an install can make again, and what is worth keeping.

`DISPOSABLE` is applied to git-ignored paths only. A name stands here if tools write it and nobody
edits it: dotenv files, `*.local`, databases, notes, editor settings, `out/` and `data/` do not.
"""

from __future__ import annotations

from collections.abc import Mapping

# Without a slash where a symbolic link is as good as a directory.
DEPENDENCIES = (
    "node_modules", "bower_components/", "jspm_packages/", ".pnpm-store/", ".npm/", ".yarn/cache/",
    ".yarn/unplugged/", ".yarn/install-state.gz", ".yarn/build-state.yml", ".pnp.cjs", ".pnp.loader.mjs",
    ".venv", "venv", "__pypackages__/", ".pixi/", ".eggs/", "*.egg", "*.egg-info/", "vendor/", "deps/",
    "Pods/", "Carthage/Build/", "Carthage/Checkouts/", ".terraform/", ".direnv/",
)  # fmt: skip

CACHES = (
    "__pycache__/", "*.pyc", "*.pyo", "*.pyd", ".pytest_cache/", ".mypy_cache/", ".dmypy.json",
    ".ruff_cache/", ".pytype/", ".pyre/", ".hypothesis/", ".import_linter_cache/", ".ipynb_checkpoints/",
    ".tox/", ".nox/", ".pdm-build/", ".cache/", ".eslintcache", ".stylelintcache", "*.tsbuildinfo",
    ".parcel-cache/", ".vite/", ".swc/", ".turbo/", ".nx/cache/", ".wireit/", ".angular/", ".expo/",
    ".docusaurus/", ".sass-cache/", ".jekyll-cache/", ".gradle/", ".kotlin/", ".metals/", ".bloop/", ".bsp/",
    ".dart_tool/", ".elixir_ls/", ".ccls-cache/", ".clangd/", ".zig-cache/", "zig-cache/", ".stack-work/",
    ".pants.d/", "tmp/cache/", "tmp/pids/", ".terragrunt-cache/", ".DS_Store", "Thumbs.db", "desktop.ini",
)  # fmt: skip

BUILD_OUTPUT = (
    "build/", "dist/", "target/", "_build/", "_site/", "obj/", "bin/Debug/", "bin/Release/", ".next/",
    ".nuxt/", ".output/", "next-env.d.ts", ".svelte-kit/", ".react-router/", ".vinxi/", ".contentlayer/",
    ".astro/", ".vercel/output/", "storybook-static/", "cdk.out/", ".aws-sam/", ".serverless/", ".build/",
    "DerivedData/", "dist-newstyle/", "zig-out/", "buck-out/", "bazel-*", ".lake/", ".cxx/",
    ".externalNativeBuild/", "cmake-build-*/", "CMakeFiles/", "CMakeCache.txt", "cmake_install.cmake",
    "compile_commands.json", "*.o", "*.a", "*.so", "*.so.*", "*.dylib", "*.dll", "*.lo", "*.la", "*.class",
    "*.rlib", "*.rmeta", "*.d.ts.map", "*.js.map", "*.css.map",
)  # fmt: skip

TEST_OUTPUT = (
    ".coverage", ".coverage.*", "coverage/", "coverage.xml", "coverage.out", "htmlcov/", "lcov.info",
    ".nyc_output/", "*.lcov", "*.gcda", "*.gcno", "*.gcov", "*.profraw", "*.profdata", "junit*.xml",
    "test-results/", "TestResults/", "playwright-report/", "cypress/videos/", "cypress/screenshots/", "*.log",
    "npm-debug.log*", "yarn-debug.log*", "yarn-error.log*", "*.pid", "*.pid.lock", "a.out", "cover.out",
    "__debug_bin*", ".rspec_status", ".phpunit.result.cache", ".phpunit.cache/", "erl_crash.dump",
    "hs_err_pid*",
)  # fmt: skip

DISPOSABLE = DEPENDENCIES + CACHES + BUILD_OUTPUT + TEST_OUTPUT

KEEP = (
    "node_modules", ".venv", "venv", "target/", ".gradle/", ".pnpm-store/", ".yarn/cache/",
    ".yarn/unplugged/", "vendor/", "deps/", "_build/", "Pods/", ".build/", ".stack-work/", "dist-newstyle/",
    ".tox/", ".nox/", ".pixi/", "__pypackages__/", ".dart_tool/", ".turbo/", ".lake/",
)  # fmt: skip

LOCKFILES = (
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb",
    "deno.lock", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "pixi.lock", "requirements*.txt",
    "requirements/*.txt", "Cargo.lock", "go.sum", "Gemfile.lock", "composer.lock", "mix.lock",
    "gradle.lockfile", "packages.lock.json", "Podfile.lock", "Package.resolved", "pubspec.lock",
    "stack.yaml.lock", "cabal.project.freeze", "lake-manifest.json", "flake.lock",
)  # fmt: skip

# Without these a workspace does not resolve, wherever in it somebody works.
MANIFESTS = (
    "package.json", "pnpm-workspace.yaml", "Cargo.toml", "go.mod", "go.sum", "go.work", "go.work.sum",
    "pyproject.toml", "setup.py", "setup.cfg", "deno.json", "deno.jsonc", "pom.xml", "build.gradle",
    "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "Package.swift", "composer.json",
    "mix.exs", "pubspec.yaml", "Gemfile", "*.gemspec", "*.csproj", "*.fsproj", "*.sln",
)  # fmt: skip

# A cargo workspace needs the first file of each member, too.
TARGETS = ("**/src/lib.rs", "**/src/main.rs")

AT_THE_TOP = (
    "/.*", "/README*", "/LICEN[CS]E*", "/COPYING*", "/NOTICE*", "/CONTRIBUTING*", "/CHANGELOG*",
    "/CODEOWNERS", "/AGENTS.md", "/CLAUDE.md", "/GEMINI.md", "/Makefile", "/GNUmakefile", "/[Jj]ustfile",
    "/Taskfile.y*ml", "/CMakeLists.txt", "/CMakePresets.json", "/Dockerfile*", "/compose*.y*ml",
    "/docker-compose*.y*ml", "/*.toml", "/*.lock", "/*.cfg", "/*.ini", "/*.json", "/*.jsonc", "/*.yaml",
    "/*.yml", "/*.config.*", "/requirements*.txt", "/conftest.py", "/noxfile.py", "/BUILD*", "/WORKSPACE*",
    "/MODULE.bazel*", "/flake.nix", "/Rakefile", "/gradlew*", "/gradle.properties", "/gradle/wrapper/",
)  # fmt: skip

ESSENTIAL = AT_THE_TOP + MANIFESTS + TARGETS

MIRROR: Mapping[str, str] = {
    "src/**": "tests/**", "lib/**": "test/**", "app/**": "spec/**", "src/main/**": "src/test/**",
    "*/src/**": "*/tests/**", "*/*/src/**": "*/*/tests/**",
}  # fmt: skip

CHANGELOGS = ("CHANGELOG*", "CHANGES*", "HISTORY*", "NEWS*", ".changeset/")

SHARED = LOCKFILES + CHANGELOGS
