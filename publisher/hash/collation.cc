#include "publisher/hash/collation.h"

#include <locale.h>

#include <algorithm>
#include <clocale>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <system_error>

namespace drydock::publisher {
namespace {

// One of most languages that runners and laptops are set to.
constexpr const char* kCommonLocales[] = {
    "en_US.UTF-8", "C.UTF-8",     "en_GB.UTF-8", "de_DE.UTF-8", "sv_SE.UTF-8",
    "fr_FR.UTF-8", "es_ES.UTF-8", "it_IT.UTF-8", "nl_NL.UTF-8", "pt_BR.UTF-8",
    "da_DK.UTF-8", "nb_NO.UTF-8", "fi_FI.UTF-8", "pl_PL.UTF-8", "cs_CZ.UTF-8",
    "ru_RU.UTF-8", "tr_TR.UTF-8", "ja_JP.UTF-8", "zh_CN.UTF-8", "ko_KR.UTF-8"};

std::vector<std::string> LocaleNames(const std::vector<std::string>& first) {
  std::vector<std::string> names;
  const auto add = [&](std::string name) {
    if (!name.empty() && name != "C" && name != "POSIX" &&
        std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  };
  for (const std::string& name : first) {
    add(name);
  }
  for (const char* name : kCommonLocales) {
    add(name);
  }
  std::error_code failure;
  std::filesystem::directory_iterator at("/usr/lib/locale", failure);
  for (; !failure && at != std::filesystem::directory_iterator(); at.increment(failure)) {
    if (at->is_directory(failure)) {
      add(at->path().filename().string());
    }
  }
  return names;
}

std::vector<std::size_t> OrderIn(locale_t locale, const std::vector<std::string>& paths) {
  std::vector<std::size_t> places(paths.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  // What a locale does not tell apart, sort orders by bytes, as the paths are already.
  std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    return ::strcoll_l(paths[a].c_str(), paths[b].c_str(), locale) < 0;
  });
  return places;
}

}  // namespace

LocaleOrders OrdersOf(const std::vector<std::string>& paths,
                      const std::vector<std::string>& first) {
  LocaleOrders found;
  for (const std::string& name : LocaleNames(first)) {
    locale_t locale = ::newlocale(LC_COLLATE_MASK | LC_CTYPE_MASK, name.c_str(), nullptr);
    if (locale == nullptr) {
      found.missing.push_back(name);
      continue;
    }
    ++found.compiled;
    std::vector<std::size_t> places = OrderIn(locale, paths);
    ::freelocale(locale);
    if (std::is_sorted(places.begin(), places.end())) {
      continue;
    }
    const auto same = std::find_if(found.orders.begin(), found.orders.end(),
                                   [&](const auto& order) { return order.places == places; });
    if (same != found.orders.end()) {
      same->locales.push_back(name);
    } else {
      found.orders.push_back({{name}, std::move(places)});
    }
  }
  return found;
}

}  // namespace drydock::publisher
