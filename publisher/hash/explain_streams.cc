// Hypotheses about the stream as a whole: recipes of other eras, filters, orders, line endings.
#include <algorithm>
#include <numeric>
#include <utility>

#include "core/text.h"
#include "publisher/hash/collation.h"
#include "publisher/hash/explainer.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kOrdersMost = 720;

// Shell text for the root, under the given locale.
std::string ShellUnder(std::string_view locale, const Recipe& recipe) {
  return Concat({"export LC_ALL=", locale, "; ", ShellText(recipe)});
}

Recipe WithLines(Recipe recipe, const std::vector<std::string>& lines) {
  auto& inputs = recipe.inputs;
  inputs.erase(std::remove_if(inputs.begin(), inputs.end(),
                              [](const RecipeInput& input) {
                                return std::holds_alternative<LineInput>(input);
                              }),
               inputs.end());
  for (const std::string& line : lines) {
    inputs.emplace_back(LineInput{line});
  }
  return recipe;
}

std::vector<std::string> LinesOf(const Recipe& recipe) {
  std::vector<std::string> lines;
  for (const RecipeInput& input : recipe.inputs) {
    if (const auto* line = std::get_if<LineInput>(&input)) {
      lines.push_back(line->text);
    }
  }
  return lines;
}

// What eras of the recipe append: nothing; the toolkit's commit; what a failed look-up left in its
// place; the given lines in another order.
std::vector<std::vector<std::string>> LinesOfOtherEras(const std::vector<std::string>& given) {
  std::vector<std::vector<std::string>> all = {{}, {"main"}, {"master"}, {"null"}, {""}};
  for (std::size_t at = 0; at < given.size() && given.size() > 1; ++at) {
    all.push_back({given[at]});
    all.push_back(given);
    all.back()[at] = "main";
  }
  std::vector<std::string> order = given;
  std::sort(order.begin(), order.end());
  std::size_t orders = 0;
  do {
    all.push_back(order);
  } while (++orders < kOrdersMost && std::next_permutation(order.begin(), order.end()));
  all.erase(std::remove(all.begin(), all.end(), given), all.end());
  return all;
}

std::string NameOfLines(const std::vector<std::string>& lines) {
  if (lines.empty()) {
    return "the recipe of another era, without any line at its end (runbook)";
  }
  if (lines.size() == 1 && lines[0].size() < 10) {
    return Concat({"the recipe since 2026-06-14 with the line \"", lines[0],
                   "\" at its end: what is left when the toolkit's commit cannot be looked up"});
  }
  return Concat({"these lines at the end: ", Join(lines, ", ")});
}

std::string PartName(const RecipeInput& part) {
  if (const auto* file = std::get_if<FileInput>(&part)) {
    return file->path;
  }
  const auto* tree = std::get_if<TreeInput>(&part);
  return tree != nullptr ? tree->path + "/" : std::get<LineInput>(part).text;
}

std::string NamesOfParts(const Recipe& recipe) {
  std::vector<std::string> names;
  for (const RecipeInput& part : recipe.inputs) {
    names.push_back(PartName(part));
  }
  return Join(names, ", ");
}

// One filter less, or none at all; with what it takes away.
std::vector<std::pair<std::string, Recipe>> WithFewerFilters(const Recipe& recipe) {
  std::vector<std::pair<std::string, Recipe>> fewer;
  for (std::size_t at = 0; at < recipe.inputs.size(); ++at) {
    const auto* tree = std::get_if<TreeInput>(&recipe.inputs[at]);
    if (tree == nullptr) {
      continue;
    }
    const auto add = [&](std::string what, TreeInput changed) {
      fewer.emplace_back(std::move(what), recipe);
      fewer.back().second.inputs[at] = std::move(changed);
    };
    add("all junk filters off", TreeInput{tree->path, {}, {}});
    for (std::size_t folder = 0; folder < tree->excluded_folders.size(); ++folder) {
      TreeInput changed = *tree;
      changed.excluded_folders.erase(changed.excluded_folders.begin() +
                                     static_cast<std::ptrdiff_t>(folder));
      add(Concat({"the filter for ", tree->excluded_folders[folder], "/ off"}), changed);
    }
    for (std::size_t glob = 0; glob < tree->excluded_files.size(); ++glob) {
      TreeInput changed = *tree;
      changed.excluded_files.erase(changed.excluded_files.begin() +
                                   static_cast<std::ptrdiff_t>(glob));
      add(Concat({"the filter for ", tree->excluded_files[glob], " off"}), changed);
    }
  }
  return fewer;
}

}  // namespace

Status Explainer::TryStreams(const Start& start) {
  for (const auto search : {&Explainer::TryLines, &Explainer::TryFilters, &Explainer::TryOrders,
                            &Explainer::TryCollations, &Explainer::TryLineEndings}) {
    if (report_.explained()) {
      break;
    }
    if (Status tried = (this->*search)(start); !tried) {
      return tried;
    }
  }
  return Ok();
}

Status Explainer::TryLines(const Start& start) {
  Begin(Concat({"recipes of other eras", start.but}));
  const auto& inputs = start.trials->list().inputs();
  Sequence without;
  std::copy_if(start.sequence.begin(), start.sequence.end(), std::back_inserter(without),
               [&](const Piece& piece) { return !inputs[piece.index].is_line(); });
  for (const auto& lines : LinesOfOtherEras(LinesOf(recipe_))) {
    Sequence sequence = without;
    for (const std::string& line : lines) {
      sequence.push_back(Piece{Piece::kLiteral, Edit::kAsIs, line + "\n"});
    }
    const Describe describe = [&] {
      Explanation told;
      told.kind = "recipe";
      told.what = Concat({NameOfLines(lines), start.but});
      told.advice =
          lines.empty() ? "hash with --recipe runbook, or expect a value of this era"
          : lines.size() == 1
              ? Concat({"hash with --recipe runbook-2026-06 --line '", lines[0], "'"})
              : Concat({"hash with --recipe pi-devbox --line '", Join(lines, "' --line '"), "'"});
      told.reproduce = start.but.empty() ? ShellUnder("C", WithLines(recipe_, lines)) : "";
      return told;
    };
    if (Status tried = Try(*start.trials, sequence, describe); !tried) {
      return tried;
    }
  }
  return Ok();
}

Status Explainer::TryFilters(const Start& start) {
  if (!start.but.empty()) {
    return Ok();  // junk is what the start leaves out
  }
  Begin("the recipe's junk filters off");
  const std::size_t filtered = start.trials->list().inputs().size();
  for (const auto& [what, recipe] : WithFewerFilters(recipe_)) {
    auto list = InputList::Make(subject_, recipe, folder_);
    if (!list) {
      return std::move(list).error();
    }
    if (list->inputs().size() == filtered) {
      if (recipe == WithFewerFilters(recipe_).front().second) {
        Note("there is no junk here");
        return Ok();
      }
      continue;
    }
    auto trials = Trials::Make(*list, report_.bytes_hashed);
    if (!trials) {
      return std::move(trials).error();
    }
    const Describe describe = [&, &name = what, &unfiltered = recipe] {
      Explanation told;
      told.kind = "filters";
      told.what = Concat({name, ": junk that the recipe leaves out was counted"});
      for (const ListedInput& input : list->inputs()) {
        if (!input.is_line() && IsFiltered(recipe_, input.path)) {
          told.paths.push_back(input.path);
        }
      }
      told.advice = "that value came from a dirty tree without the filters: use the filtered one";
      told.reproduce = ShellUnder("C", unfiltered);
      return told;
    };
    if (Status tried = Try(*trials, trials->BaseSequence(), describe); !tried) {
      return tried;
    }
    if (report_.explained()) {
      break;
    }
  }
  return Ok();
}

Status Explainer::TryOrders(const Start& start) {
  Begin(Concat({"the recipe's inputs in another order", start.but}));
  const auto& inputs = start.trials->list().inputs();
  std::vector<std::size_t> order(recipe_.inputs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::vector<std::size_t>> orders;
  for (std::size_t at = order.size(); at-- > 1;) {  // neighbours first: the likely ones
    std::vector<std::size_t> swapped = order;
    std::swap(swapped[at - 1], swapped[at]);
    orders.push_back(std::move(swapped));
  }
  // The others only where they leave effort for what comes after.
  const std::uint64_t affordable =
      options_.effort / 4 / std::max<std::uint64_t>(start.trials->list().bytes(), 1);
  while (orders.size() < std::min<std::uint64_t>(kOrdersMost, affordable) &&
         std::next_permutation(order.begin(), order.end())) {
    if (std::find(orders.begin(), orders.end(), order) == orders.end()) {
      orders.push_back(order);
    }
  }
  if (affordable < orders.size()) {
    Note("neighbours changed places only: there is much to hash");
  }
  for (const auto& places : orders) {
    Sequence sequence;
    Recipe recipe = recipe_;
    for (std::size_t at = 0; at < places.size(); ++at) {
      recipe.inputs[at] = recipe_.inputs[places[at]];
      std::copy_if(start.sequence.begin(), start.sequence.end(), std::back_inserter(sequence),
                   [&](const Piece& piece) { return inputs[piece.index].part == places[at]; });
    }
    const Describe describe = [&] {
      Explanation told;
      told.kind = "order";
      told.what = Concat({"the inputs in another order: ", NamesOfParts(recipe), start.but});
      told.advice = "the order is part of the recipe: correct it where that value was computed";
      told.reproduce = start.but.empty() ? ShellUnder("C", recipe) : "";
      return told;
    };
    if (Status tried = Try(*start.trials, sequence, describe); !tried || report_.explained()) {
      return tried;
    }
  }
  return Ok();
}

Status Explainer::TryCollations(const Start& start) {
  Begin(Concat({"a locale's order of names instead of byte order", start.but}));
  const auto& inputs = start.trials->list().inputs();
  std::vector<std::size_t> in_tree;  // places in the sequence
  std::vector<std::string> paths;
  for (std::size_t at = 0; at < start.sequence.size(); ++at) {
    const ListedInput& input = inputs[start.sequence[at].index];
    if (std::holds_alternative<TreeInput>(recipe_.inputs[input.part])) {
      in_tree.push_back(at);
      paths.push_back(input.path);
    }
  }
  const LocaleOrders found = OrdersOf(paths, options_.locales);
  if (!found.missing.empty()) {
    Note(Concat({"not compiled on this machine, so not tried: ", Join(found.missing, ", "),
                 " (install locales, then for example: localedef -i en_US -f UTF-8 "
                 "en_US.UTF-8)"}));
  }
  if (found.orders.empty() && found.compiled > 0) {
    Note(Concat(
        {std::to_string(found.compiled), " locales that are compiled here give byte order"}));
  }
  for (const LocaleOrders::Order& order : found.orders) {
    Sequence sequence = start.sequence;
    for (std::size_t at = 0; at < in_tree.size(); ++at) {
      sequence[in_tree[at]] = start.sequence[in_tree[order.places[at]]];
    }
    const Describe describe = [&] {
      Explanation told;
      told.kind = "collation";
      told.what = Concat({"names sorted as the locale ", order.locales.front(),
                          " sorts them, not by bytes", start.but});
      told.advice = "put LC_ALL=C before the recipe where that value was computed";
      told.reproduce = start.but.empty() ? ShellUnder(order.locales.front(), recipe_) : "";
      return told;
    };
    if (Status tried = Try(*start.trials, sequence, describe); !tried || report_.explained()) {
      return tried;
    }
  }
  return Ok();
}

Status Explainer::TryLineEndings(const Start& start) {
  Begin(Concat({"other line endings in all files", start.but}));
  for (const Edit edit : {Edit::kAutoCrlf, Edit::kCrlf, Edit::kLf}) {
    Sequence sequence = start.sequence;
    for (Piece& piece : sequence) {
      piece.edit = start.trials->list().inputs()[piece.index].is_line() ? Edit::kAsIs : edit;
    }
    const Describe describe = [&] {
      Explanation told;
      told.kind = "line-endings";
      told.what = Concat({Name(edit), " in all files", start.but});
      told.advice = "put \"* -text\" or \"* text eol=lf\" into .gitattributes and check out again";
      return told;
    };
    if (Status tried = Try(*start.trials, sequence, describe); !tried || report_.explained()) {
      return tried;
    }
  }
  return Ok();
}

}  // namespace drydock::publisher
