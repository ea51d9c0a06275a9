using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>Values of one line: plain, quoted without escapes, and flow lists and maps of such.</summary>
internal sealed partial class PlainYaml
{
    /// <summary>Up to a comment or the line's end.</summary>
    private ScalarNode? ReadPlain(ref int at)
    {
        if (!StartsPlain(_text[at]))
        {
            return null;
        }

        var start = at;
        for (; at < _end; at++)
        {
            var c = _text[at];
            if (c == ':' && (at + 1 == _end || _text[at + 1] == ' '))
            {
                return null;
            }

            if (c == '#' && _text[at - 1] == ' ')
            {
                // The blank before it belongs to the comment.
                at--;
                break;
            }
        }

        return Scalar(start, ref at);
    }

    /// <summary>Up to what ends a value in a flow list or map.</summary>
    private ScalarNode? ReadFlowPlain(ref int at)
    {
        if (!StartsPlain(_text[at]))
        {
            return null;
        }

        var start = at;
        while (at < _end && _text[at] is not (',' or ']' or '}'))
        {
            // A colon or bracket within means different things to different readers.
            if (_text[at] is ':' or '#' or '[' or '{' or '?' or '"' or '\'')
            {
                return null;
            }

            at++;
        }

        return at == _end ? null : Scalar(start, ref at);
    }

    private ScalarNode? ReadQuoted(ref int at)
    {
        var (start, quote) = (at, _text[at]);
        var close = Rest(at + 1).IndexOf(quote);
        if (close < 0)
        {
            return null;
        }

        at += close + 2;
        if (at < _end && _text[at] == quote)
        {
            return null;
        }

        var value = _text.AsSpan(start + 1, close);
        if (quote == '"' && value.Contains('\\'))
        {
            return null;
        }

        _nodes++;
        return new(Here(start), Word(start + 1, start + 1 + close), false);
    }

    private ListNode? ReadFlowList(ref int at, int depth)
    {
        var origin = Here(at);
        var items = ImmutableArray.CreateBuilder<Node>();
        if (depth > MaxDepth || !Open(ref at))
        {
            return null;
        }

        while (_text[at] != ']')
        {
            if (ReadFlow(ref at, depth) is not { } item)
            {
                return null;
            }

            items.Add(item);
            if (!Separated(ref at, ']'))
            {
                return null;
            }
        }

        at++;
        _nodes++;
        return new(origin, items.DrainToImmutable());
    }

    private MapNode? ReadFlowMap(ref int at, int depth)
    {
        var origin = Here(at);
        var entries = ImmutableArray.CreateBuilder<MapEntry>();
        if (depth > MaxDepth || !Open(ref at))
        {
            return null;
        }

        while (_text[at] != '}')
        {
            if (ReadKey(ref at) is not { } key || at == _end || Has(entries, key.Key) || ReadFlow(ref at, depth) is not { } value)
            {
                return null;
            }

            entries.Add(new(key.Key, key.Origin, value));
            if (!Separated(ref at, '}'))
            {
                return null;
            }
        }

        at++;
        _nodes++;
        return new(origin, entries.DrainToImmutable());
    }

    private Node? ReadFlow(ref int at, int depth) => _text[at] switch
    {
        '\'' or '"' => ReadQuoted(ref at),
        '[' => ReadFlowList(ref at, depth + 1),
        '{' => ReadFlowMap(ref at, depth + 1),
        _ => ReadFlowPlain(ref at),
    };

    /// <summary>Behind the bracket, on the first thing within.</summary>
    private bool Open(ref int at)
    {
        at++;
        return SkipBlanks(ref at);
    }

    /// <summary>On the closing bracket, or behind a comma on the next thing.</summary>
    private bool Separated(ref int at, char close)
    {
        if (!SkipBlanks(ref at))
        {
            return false;
        }

        if (_text[at] == close)
        {
            return true;
        }

        if (_text[at] != ',')
        {
            return false;
        }

        at++;
        return SkipBlanks(ref at) && _text[at] != close;
    }

    private bool SkipBlanks(ref int at)
    {
        while (at < _end && _text[at] == ' ')
        {
            at++;
        }

        return at < _end;
    }

    private ScalarNode Scalar(int start, ref int at)
    {
        var end = at;
        while (_text[end - 1] == ' ')
        {
            end--;
        }

        _nodes++;
        var value = Word(start, end);
        return new(Here(start), value, value is "~" or "null" or "Null" or "NULL");
    }

    /// <summary>The other characters mean something at the start of a value, somewhere.</summary>
    private static bool StartsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '+' or '~' or '$' or '(';
}
