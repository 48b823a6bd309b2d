# winhost: the real PowerShell engine for tests, where there is a dotnet. `make winhost` says so and goes on where there is none.
WINHOST_SOURCES = $(wildcard tests/winhost/*.cs) tests/winhost/winhost.csproj
winhost: $(BUILD)/simhost
	@if command -v dotnet >/dev/null 2>&1; then $(MAKE) --no-print-directory $(BUILD)/winhost/winhost.dll; \
	else echo "winhost: skipped, there is no dotnet here"; fi
$(BUILD)/winhost/winhost.dll: $(WINHOST_SOURCES) tests/winhost/stubs.py src/simhost/sets.tsv src/simhost/cmdlets.tsv
	@echo "  NET $@"
	@mkdir -p $(BUILD)/winhost-obj
	@cp $(WINHOST_SOURCES) $(BUILD)/winhost-obj/
	@cd $(BUILD)/winhost-obj && DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 \
	    dotnet build -c Release -v quiet --nologo -o out winhost.csproj
	@rm -rf $(BUILD)/winhost && cp -R $(BUILD)/winhost-obj/out $(BUILD)/winhost
	@python3 tests/winhost/stubs.py $(BUILD)/winhost/modules src/simhost/sets.tsv src/simhost/cmdlets.tsv
.PHONY: winhost
