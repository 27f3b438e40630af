"""The long default lists: what a build or an install can make again, and what is worth keeping.

`DISPOSABLE` is applied to git-ignored paths only. A name stands here if tools write it and nobody
edits it: dotenv files, `*.local`, databases, notes, editor settings, `out/` and `data/` do not.
"""

from __future__ import annotations

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
