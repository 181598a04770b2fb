# Two commands do all of their own set-up: `make demo` and `make test`.
# PYTHON=... names the interpreter, TORCH_INDEX=... an index for torch, ARGS="..." goes to the command.

BIN := .venv/bin
ARGS ?=
export PYTHON TORCH_INDEX

.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo test play lint bench model wheel clean distclean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## what make demo needs: system packages, .venv
	@scripts/setup.sh demo

setup-test: ## what make test needs
	@scripts/setup.sh test

demo: setup ## play the demo in a window, or film it as demo.mp4 where there is no display
	@$(BIN)/liquidlight demo $(ARGS)

test: setup-test ## check the style and run every test
	@$(BIN)/ruff check .
	@$(BIN)/pytest $(ARGS)

play: setup ## the live performance: make play ARGS="night_drive --audio 'USB Audio'"
	@$(BIN)/liquidlight play $(ARGS)

lint: setup-test ## check the style only
	@$(BIN)/ruff check .

bench: setup ## measure: make bench ARGS=compositor
	@$(BIN)/liquidlight bench $(or $(ARGS),generator)

model: setup-test ## train, judge and describe the small model that ships (hours)
	@$(BIN)/python -m pip install -q --group train
	@$(BIN)/python -m training.train $(ARGS)
	@$(BIN)/python -m training.evaluate
	@$(BIN)/python -m training.write_up

wheel: setup ## build an installable package in dist/
	@$(BIN)/python -m pip wheel -q --no-deps --wheel-dir dist .

clean: ## remove what was built; .venv stays
	rm -rf build dist demo.mp4 .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## remove .venv too
	rm -rf .venv
