#include "publisher/hash/trials.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "publisher/hash/git_attributes.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kStatesMost = 65'536;
constexpr std::string_view kBom = "\xEF\xBB\xBF";

std::optional<std::string> IfOther(std::string edited, std::string_view content) {
  return edited == content ? std::nullopt : std::optional(std::move(edited));
}

}  // namespace

std::string_view Name(Edit edit) {
  switch (edit) {
    case Edit::kAsIs:
      return "as it is";
    case Edit::kCrlf:
      return "CRLF for LF";
    case Edit::kAutoCrlf:
      return "CRLF for LF as core.autocrlf=true checks out";
    case Edit::kLf:
      return "LF for CRLF";
    case Edit::kWithBom:
      return "a byte-order mark in front";
    case Edit::kWithoutBom:
      return "no byte-order mark in front";
    case Edit::kWithNewline:
      return "one more newline at the end";
    case Edit::kWithoutNewline:
      return "one newline less at the end";
  }
  return "";
}

std::optional<std::string> Edited(Edit edit, std::string_view content) {
  const bool binary = content.find('\0') != std::string_view::npos;
  switch (edit) {
    case Edit::kAsIs:
      return std::nullopt;
    case Edit::kCrlf:
      return binary ? std::nullopt
                    : IfOther(ConvertForCheckout(content, GitConversion::kCrlf), content);
    case Edit::kAutoCrlf:
      return IfOther(ConvertForCheckout(content, GitConversion::kAutoCrlf), content);
    case Edit::kLf:
      return binary ? std::nullopt
                    : IfOther(ReplaceAll(std::string(content), "\r\n", "\n"), content);
    case Edit::kWithBom:
      return binary || content.starts_with(kBom) ? std::nullopt
                                                 : std::optional(Concat({kBom, content}));
    case Edit::kWithoutBom:
      return content.starts_with(kBom) ? std::optional(std::string(content.substr(kBom.size())))
                                       : std::nullopt;
    case Edit::kWithNewline:
      return binary ? std::nullopt : std::optional(Concat({content, "\n"}));
    case Edit::kWithoutNewline:
      return content.ends_with('\n')
                 ? std::optional(std::string(content.substr(0, content.size() - 1)))
                 : std::nullopt;
  }
  return std::nullopt;
}

Result<Trials> Trials::Make(const InputList& list, std::uint64_t& bytes_hashed) {
  Trials trials(list, bytes_hashed);
  const std::size_t count = list.inputs().size();
  trials.stride_ = count / kStatesMost + 1;
  Sha256 sha256;
  for (std::size_t at = 0; at < count; ++at) {
    if (at % trials.stride_ == 0) {
      trials.states_.push_back(sha256.Save());
    }
    if (Status added = trials.Add(Piece{at}, sha256); !added) {
      return std::move(added).error();
    }
  }
  trials.base_ = sha256.Finish();
  return trials;
}

Sequence Trials::BaseSequence() const {
  Sequence sequence(list_->inputs().size());
  for (std::size_t at = 0; at < sequence.size(); ++at) {
    sequence[at].index = at;
  }
  return sequence;
}

Result<Sha256> Trials::Before(std::size_t index) {
  if (states_.empty()) {
    return Sha256();
  }
  const std::size_t known = std::min(index / stride_, states_.size() - 1);
  Sha256 sha256(states_[known]);
  for (std::size_t at = known * stride_; at < index; ++at) {
    if (Status added = Add(Piece{at}, sha256); !added) {
      return std::move(added).error();
    }
  }
  return sha256;
}

Status Trials::Add(const Piece& piece, Sha256& sha256) {
  const auto hash = [&](std::string_view bytes) {
    sha256.Update(bytes);
    *bytes_hashed_ += bytes.size();
  };
  if (piece.index == Piece::kLiteral) {
    hash(piece.literal);
    return Ok();
  }
  if (piece.edit == Edit::kAsIs) {
    return list_->Feed(piece.index, hash);
  }
  auto content = list_->Content(piece.index);
  if (!content) {
    return std::move(content).error();
  }
  const auto edited = Edited(piece.edit, *content);
  hash(edited ? *edited : *content);
  return Ok();
}

Status Trials::AddFrom(std::size_t index, Sha256& sha256) {
  return list_->FeedFrom(index, [&](std::string_view bytes) {
    sha256.Update(bytes);
    *bytes_hashed_ += bytes.size();
  });
}

Result<Digest> Trials::Hash(const Sequence& sequence) {
  std::size_t same = 0;
  while (same < sequence.size() && sequence[same] == Piece{same}) {
    ++same;
  }
  auto sha256 = Before(same);
  if (!sha256) {
    return std::move(sha256).error();
  }
  for (; same < sequence.size(); ++same) {
    if (Status added = Add(sequence[same], *sha256); !added) {
      return std::move(added).error();
    }
  }
  return sha256->Finish();
}

Result<Digest> Trials::Prove(const Sequence& sequence) const {
  Hasher hasher;
  for (const Piece& piece : sequence) {
    std::string content = piece.literal;
    if (piece.index != Piece::kLiteral) {
      const bool whole = piece.edit != Edit::kAsIs;
      Status read = list_->ReadAgain(piece.index, [&](std::string_view bytes) {
        if (whole) {
          content += bytes;
        } else {
          hasher.Update(bytes);
        }
      });
      if (!read) {
        return std::move(read).error();
      }
    }
    const auto edited = Edited(piece.edit, content);
    hasher.Update(edited ? *edited : content);
  }
  return hasher.Finish();
}

Result<Digest> Trials::WithOther(std::size_t index, std::string_view content) {
  auto sha256 = Before(index);
  if (!sha256) {
    return std::move(sha256).error();
  }
  sha256->Update(content);
  *bytes_hashed_ += content.size();
  if (Status added = AddFrom(index + 1, *sha256); !added) {
    return std::move(added).error();
  }
  return sha256->Finish();
}

Status Trials::WithoutTwo(std::size_t left_out, const std::vector<std::size_t>& others,
                          const std::function<bool(std::size_t, const Digest&)>& take) {
  auto sha256 = Before(left_out);
  if (!sha256) {
    return std::move(sha256).error();
  }
  std::size_t next = left_out + 1;
  for (const std::size_t other : others) {
    for (; next < other; ++next) {
      if (Status added = Add(Piece{next}, *sha256); !added) {
        return added;
      }
    }
    Sha256 rest = *sha256;
    if (Status added = AddFrom(other + 1, rest); !added) {
      return added;
    }
    if (!take(other, rest.Finish())) {
      break;
    }
  }
  return Ok();
}

}  // namespace drydock::publisher
