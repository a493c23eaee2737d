# Shortcuts; .ci/run is the gate and needs no make.
.PHONY: check test race real fuzz bench docs

check: ; .ci/run
test: ; go test ./...
race: ; .ci/run race
real: ; .ci/run real
fuzz: ; .ci/run fuzz
bench: ; .ci/run bench

# docs serves the packages' documentation, as a reader of the API sees it.
docs: ; go doc -http
