using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>
/// Reads the YAML that nearly all machines' documents are written in: block maps and lists, values on one line, ASCII. It is ten times
/// as fast as the whole of YAML, which ten thousand files at a start need. At the first thing that it does not know for certain, or that is
/// wrong, it gives up, and <see cref="YamlReader"/> reads the text from its beginning; where it does not, both read the same nodes at the same places.
/// </summary>
internal sealed partial class PlainYaml
{
    /// <summary>Below the bound of <see cref="YamlReader"/>, which words the refusal.</summary>
    private const int MaxDepth = YamlReader.MaxDepth - 2;

    private const int MaxKey = 100;

    private readonly string _text;
    private readonly string _file;
    private SourceDocument _document;
    private int _nodes;

    /// <summary>The line that is looked at: its number, where it starts, where its first character is, and where it ends.</summary>
    private int _line;
    private int _start;
    private int _at;
    private int _end;

    private PlainYaml(SourceText source)
    {
        _text = source.Content;
        _file = source.Path;
        _document = new(source.Path);
    }

    private bool AtEnd => _start > _text.Length;

    private int Indent => _at - _start;

    /// <summary>The documents of a file; false where it is not plain.</summary>
    public static bool TryRead(SourceText source, out ImmutableArray<Node> documents)
    {
        documents = [];
        if (source.Content.Length > YamlReader.MaxLength || !IsPlain(source.Content))
        {
            return false;
        }

        var read = ImmutableArray.CreateBuilder<Node>();
        if (!new PlainYaml(source).ReadStream(read))
        {
            return false;
        }

        documents = read.ToImmutable();
        return true;
    }

    private static bool IsPlain(string text)
    {
        foreach (var c in text)
        {
            if (c is (< ' ' or > '~') and not '\n')
            {
                return false;
            }
        }

        return true;
    }

    private bool ReadStream(ImmutableArray<Node>.Builder documents)
    {
        _line = 0;
        _end = -1;
        NextLine();
        while (!AtEnd)
        {
            _document = new(_file);
            while (IsSeparator())
            {
                NextLine();
            }

            if (AtEnd)
            {
                break;
            }

            if (Indent != 0 || ReadBlockMap(0, 1) is not { } root || !(AtEnd || IsSeparator()))
            {
                return false;
            }

            documents.Add(root);
        }

        return _nodes <= YamlReader.MaxNodes;
    }

    /// <summary>To the next line that holds more than blanks and a comment.</summary>
    private void NextLine()
    {
        do
        {
            _start = _end + 1;
            if (AtEnd)
            {
                return;
            }

            _line++;
            var end = _text.IndexOf('\n', _start);
            _end = end < 0 ? _text.Length : end;
            _at = _start;
            while (_at < _end && _text[_at] == ' ')
            {
                _at++;
            }
        }
        while (_at == _end || _text[_at] == '#');
    }

    private bool IsSeparator() => !AtEnd && Indent == 0 && Rest(_at).TrimEnd(' ').SequenceEqual("---");

    private ReadOnlySpan<char> Rest(int from) => _text.AsSpan(from, _end - from);

    private Origin Here(int at) => new(_document, _line, at - _start + 1);

    /// <summary>The entries at this indentation, from the line looked at.</summary>
    private MapNode? ReadBlockMap(int indent, int depth)
    {
        if (depth > MaxDepth)
        {
            return null;
        }

        var origin = Here(_start + indent);
        var entries = ImmutableArray.CreateBuilder<MapEntry>();
        var at = _start + indent;
        while (true)
        {
            if (ReadKey(ref at) is not { } key || Has(entries, key.Key))
            {
                return null;
            }

            if (ReadValue(at, indent, depth) is not { } value)
            {
                return null;
            }

            entries.Add(new(key.Key, key.Origin, value));
            if (AtEnd || Indent < indent || IsSeparator())
            {
                break;
            }

            if (Indent > indent)
            {
                return null;
            }

            at = _at;
        }

        _nodes++;
        return new(origin, entries.DrainToImmutable());
    }

    /// <summary>What stands behind a key, on its line or below it; then on to the line after it.</summary>
    private Node? ReadValue(int at, int indent, int depth)
    {
        if (at < _end)
        {
            return ReadInline(at, indent, depth);
        }

        NextLine();
        return AtEnd || IsSeparator() ? null
            : Indent > indent ? IsItem(_at) ? ReadBlockList(Indent, depth + 1) : ReadBlockMap(Indent, depth + 1)
            : Indent == indent && IsItem(_at) ? ReadBlockList(indent, depth + 1)
            : null;
    }

    /// <summary>A value on one line, and nothing that goes on below it.</summary>
    private Node? ReadInline(int at, int indent, int depth)
    {
        Node? node = _text[at] switch
        {
            '\'' or '"' => ReadQuoted(ref at),
            '[' => ReadFlowList(ref at, depth + 1),
            '{' => ReadFlowMap(ref at, depth + 1),
            _ => ReadPlain(ref at),
        };
        if (node is null || !IsBlank(at))
        {
            return null;
        }

        NextLine();
        return AtEnd || Indent <= indent ? node : null;
    }

    private ListNode? ReadBlockList(int indent, int depth)
    {
        if (depth > MaxDepth)
        {
            return null;
        }

        var origin = Here(_start + indent);
        var items = ImmutableArray.CreateBuilder<Node>();
        while (!AtEnd && Indent == indent && IsItem(_at))
        {
            var at = _at + 1;
            while (at < _end && _text[at] == ' ')
            {
                at++;
            }

            if (at == _end || _text[at] is '#' or '-')
            {
                return null;
            }

            var key = at;
            var item = ReadKey(ref key) is not null ? ReadBlockMap(at - _start, depth + 1) : ReadInline(at, indent, depth);
            if (item is null)
            {
                return null;
            }

            items.Add(item);
        }

        if (!AtEnd && Indent > indent)
        {
            return null;
        }

        _nodes++;
        return new(origin, items.DrainToImmutable());
    }

    private bool IsItem(int at) => _text[at] == '-' && at + 1 < _end && _text[at + 1] == ' ';

    /// <summary>A plain key with its colon; <paramref name="at"/> is then on its value, or at the line's end.</summary>
    private (string Key, Origin Origin)? ReadKey(ref int at)
    {
        var start = at;
        while (at < _end && at - start < MaxKey && (char.IsAsciiLetterOrDigit(_text[at]) || _text[at] is '_' or '-' or '.'))
        {
            at++;
        }

        if (at == start || !char.IsAsciiLetter(_text[start]) || at == _end || _text[at] != ':' || (at + 1 < _end && _text[at + 1] != ' '))
        {
            return null;
        }

        var key = Word(start, at);
        at++;
        while (at < _end && _text[at] == ' ')
        {
            at++;
        }

        if (at < _end && _text[at] == '#')
        {
            at = _end;
        }

        return (key, Here(start));
    }

    /// <summary>Nothing more on this line but a comment.</summary>
    private bool IsBlank(int at)
    {
        var rest = Rest(at);
        var text = rest.TrimStart(' ');
        return text.Length == 0 || (text[0] == '#' && text.Length < rest.Length);
    }

    private static bool Has(ImmutableArray<MapEntry>.Builder entries, string key)
    {
        foreach (var entry in entries)
        {
            if (entry.Key == key)
            {
                return true;
            }
        }

        return false;
    }

    private string Word(int start, int end) =>
        Shapes.Words.TryGetValue(_text.AsSpan(start, end - start), out var known) ? known : _text[start..end];
}
