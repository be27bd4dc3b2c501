// `drydock completion` and `drydock man`: what the command line is, for shells and for man. Both
// are made from the options themselves, so that they cannot lag behind.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "core/text.h"

namespace drydock::cli {
namespace {

constexpr std::string_view kBashScript = R"(# bash completion for drydock: source it, or keep it as
# ~/.local/share/bash-completion/completions/drydock
_drydock() {
  local word=${COMP_WORDS[COMP_CWORD]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '@WORDS@' -- "$word"))
    return
  fi
  case ${COMP_WORDS[1]} in
@CASES@  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _drydock drydock
)";

using Commands = std::vector<const CLI::App*>;
using Options = std::vector<const CLI::Option*>;

Commands CommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_name().empty(); });
}

// Those with a name, in the order of --help.
Options NamedOptions(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return !option->get_positional(); });
}

std::string LongNames(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::Option* option : NamedOptions(app)) {
    for (const std::string& name : option->get_lnames()) {
      words.push_back(Concat({"--", name}));
    }
  }
  return Join(words, " ");
}

std::string Names(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* command : CommandsOf(app)) {
    words.push_back(command->get_name());
  }
  return Join(words, " ");
}

// One branch of the script: the options of a command, or of the commands inside it.
std::string BashCase(const CLI::App& command) {
  const Commands inner = CommandsOf(command);
  if (inner.empty()) {
    return Concat({"    ", command.get_name(), ") words='", LongNames(command), "' ;;\n"});
  }
  std::string text =
      Concat({"    ", command.get_name(), ")\n      if [ \"$COMP_CWORD\" -eq 2 ]; then\n",
              "        COMPREPLY=($(compgen -W '", Names(command), "' -- \"$word\"))\n",
              "        return\n      fi\n      case ${COMP_WORDS[2]} in\n"});
  for (const CLI::App* each : inner) {
    text += Concat({"    ", BashCase(*each)});
  }
  return text + "      esac ;;\n";
}

std::string BashScript(const CLI::App& app) {
  std::string cases;
  for (const CLI::App* command : CommandsOf(app)) {
    cases += BashCase(*command);
  }
  return ReplaceAll(
      ReplaceAll(std::string(kBashScript), "@WORDS@", Concat({Names(app), " ", LongNames(app)})),
      "@CASES@", cases);
}

// Text between single quotes of a shell.
std::string ShellQuoted(std::string_view text) {
  return Concat({"'", ReplaceAll(std::string(text), "'", "'\\''"), "'"});
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string FishCommand(const CLI::App& command, std::string_view condition) {
  return Concat({"complete -c drydock -n ", condition, " -f -a ", command.get_name(), " -d ",
                 ShellQuoted(FirstLine(command.get_description())), "\n"});
}

std::string FishOptions(const CLI::App& command, std::string_view condition) {
  std::string script;
  for (const CLI::Option* option : NamedOptions(command)) {
    for (const std::string& name : option->get_lnames()) {
      script += Concat({"complete -c drydock -n ", condition, " -l ", name,
                        option->get_expected_max() > 0 ? " -r" : "", " -d ",
                        ShellQuoted(FirstLine(option->get_description())), "\n"});
    }
  }
  return script;
}

std::string FishScript(const CLI::App& app) {
  std::string script =
      "# fish completion for drydock: keep it as ~/.config/fish/completions/drydock.fish\n";
  for (const CLI::App* command : CommandsOf(app)) {
    script += FishCommand(*command, "__fish_use_subcommand");
    const std::string seen = Concat({"__fish_seen_subcommand_from ", command->get_name()});
    for (const CLI::App* inner : CommandsOf(*command)) {
      script += FishCommand(*inner, Concat({"'", seen, "; and not __fish_seen_subcommand_from ",
                                            Names(*command), "'"}));
      script += FishOptions(*inner, Concat({"'", seen, "; and __fish_seen_subcommand_from ",
                                            inner->get_name(), "'"}));
    }
    script += FishOptions(*command, Concat({"'", seen, "'"}));
  }
  return script;
}

// zsh runs bash's script through its own adapter.
std::string ZshScript(const CLI::App& app) {
  return Concat(
      {"# zsh completion for drydock: source it from ~/.zshrc\n"
       "autoload -U +X bashcompinit && bashcompinit\n",
       BashScript(app)});
}

// Characters beyond ASCII as roff names them: "…" is \[u2026]. Input is our own UTF-8.
std::string RoffCharacters(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string roff;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      roff += text[at];
      continue;
    }
    const int more = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
    unsigned code = byte & (0x3FU >> more);
    for (int left = more; left > 0 && at + 1 < text.size(); --left) {
      code = (code << 6U) | (static_cast<unsigned char>(text[++at]) & 0x3FU);
    }
    roff += "\\[u";
    for (unsigned shift = code > 0xFFFF ? 20 : 16; shift > 0;) {
      shift -= 4;
      roff += kDigits[(code >> shift) & 0xFU];
    }
    roff += ']';
  }
  return roff;
}

// Text for roff: no escapes, no line that could be a request.
std::string Roff(std::string_view text) {
  std::string roff;
  for (std::string line : Split(text, '\n')) {
    line = ReplaceAll(ReplaceAll(std::move(line), "\\", "\\e"), "-", "\\-");
    if (line.starts_with('.') || line.starts_with('\'')) {
      line.insert(0, "\\&");
    }
    roff += Concat({RoffCharacters(line), "\n"});
  }
  return roff;
}

std::string ManOptions(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    text += Concat({".TP\n.B ", Roff(option->get_name(option->get_positional(), true)),
                    Roff(option->get_description())});
  }
  return text;
}

std::string ManCommand(const CLI::App& command, std::string_view name) {
  std::string text =
      Concat({".SH DRYDOCK ", Roff(name), Roff(command.get_description()), ManOptions(command),
              ".PP\n.nf\n", Roff(command.get_footer()), ".fi\n"});
  for (const CLI::App* inner : CommandsOf(command)) {
    text += ManCommand(*inner, Concat({name, " ", inner->get_name()}));
  }
  return text;
}

std::string ManPage(const CLI::App& app, std::string_view version) {
  std::string text =
      Concat({".TH DRYDOCK 1 \"\" \"drydock ", version,
              "\" \"User Commands\"\n.SH NAME\ndrydock \\- rehearse, break and prove how container "
              "images are published\n.SH SYNOPSIS\n.B drydock\n.I COMMAND\n[options]\n"
              ".SH DESCRIPTION\n",
              Roff(app.get_description())});
  for (const CLI::App* command : CommandsOf(app)) {
    text += ManCommand(*command, command->get_name());
  }
  return text;
}

}  // namespace

void AddDescriptions(CLI::App& app, std::string_view version, int& exit_code) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = app.add_subcommand("completion", "Print a script that completes commands");
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer(
      "Examples:\n"
      "  source <(drydock completion bash)\n"
      "  drydock completion fish > ~/.config/fish/completions/drydock.fish\n");
  completion->callback([&app, shell, &exit_code] {
    std::cout << (*shell == "bash"  ? BashScript(app)
                  : *shell == "zsh" ? ZshScript(app)
                                    : FishScript(app));
    exit_code = 0;
  });
  CLI::App* man = app.add_subcommand("man", "Print the manual page");
  man->footer(
      "Examples:\n"
      "  drydock man > ~/.local/share/man/man1/drydock.1    then: man drydock\n"
      "  drydock man | man -l -\n");
  man->callback([&app, kept = std::string(version), &exit_code] {
    std::cout << ManPage(app, kept);
    exit_code = 0;
  });
}

}  // namespace drydock::cli
