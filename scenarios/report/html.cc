#include "scenarios/report/html.h"

#include <zlib.h>

#include <utility>

#include "core/digest.h"
#include "core/text.h"
#include "scenarios/report/page.h"
#include "scenarios/report/report_data.h"

namespace drydock::scenarios {
namespace {

// How a Content-Security-Policy names an inline element: by the hash of its text.
std::string PolicyHash(std::string_view text) {
  const Digest digest = Digest::Of(text);
  std::string bytes;
  for (std::size_t at = 0; at < digest.hex().size(); at += 2) {
    bytes += PercentDecode(Concat({"%", digest.hex().substr(at, 2)}));
  }
  return Concat({"'sha256-", Base64(bytes), "'"});
}

// In zlib's format, in Base64: a page of many scenarios stays small enough to be handed around.
std::string Packed(std::string_view text) {
  uLongf size = compressBound(static_cast<uLong>(text.size()));
  std::string packed(size, '\0');
  // Cannot fail: the room is what compressBound() asks for.
  compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
            reinterpret_cast<const Bytef*>(text.data()), static_cast<uLong>(text.size()),
            Z_BEST_COMPRESSION);
  packed.resize(size);
  return Base64(packed);
}

std::string Data(std::string_view type, std::string_view id, std::string_view text) {
  return Concat({"<script type=\"", type, "\" id=\"", id, "\">", text, "</script>\n"});
}

// The frame with each "<!--name-->" replaced, once and in order: texts that are put in are not
// looked at again.
std::string Filled(std::string_view frame,
                   const std::vector<std::pair<std::string_view, std::string>>& parts) {
  std::string page;
  for (const auto& [name, text] : parts) {
    const std::string mark = Concat({"<!--", name, "-->"});
    const std::size_t at = frame.find(mark);
    page += Concat({frame.substr(0, at), text});
    frame.remove_prefix(at + mark.size());
  }
  return Concat({page, frame});
}

}  // namespace

std::string ToHtml(const std::vector<Played>& played) {
  std::string data = Data("application/json", "index", ReportIndex(played));
  for (std::size_t index = 0; index < played.size(); ++index) {
    if (played[index].outcome) {
      data += Data("application/zlib+base64", Concat({"scenario-", std::to_string(index)}),
                   Packed(ReportData(*played[index].outcome)));
    }
  }
  const std::string policy =
      Concat({"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ",
              "img-src data:; base-uri 'none'; form-action 'none'; style-src ",
              PolicyHash(kPageStyle), "; script-src ", PolicyHash(kPageScript), "\">"});
  return Filled(kPageFrame, {{"policy", policy},
                             {"style", Concat({"<style>", kPageStyle, "</style>"})},
                             {"data", data},
                             {"script", Concat({"<script>", kPageScript, "</script>"})}});
}

}  // namespace drydock::scenarios
