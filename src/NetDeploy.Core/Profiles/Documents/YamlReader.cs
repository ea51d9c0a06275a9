using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>
/// YAML text to nodes with their places, through YamlDotNet's events: nothing is deserialised into types, and
/// whatever the text holds, the result is bounded and mistakes are diagnostics.
/// </summary>
internal sealed class YamlReader
{
    /// <summary>Characters of one file.</summary>
    public const int MaxLength = 1 << 20;

    /// <summary>Nodes of one file, those behind aliases counted each time they are used.</summary>
    public const int MaxNodes = 50_000;

    /// <summary>Maps and lists within each other.</summary>
    public const int MaxDepth = 24;

    private const string LookHere = "Look at the indentation, colons and quotes here and in the line above.";

    private const string Flatten = "Put what is inside into profiles, or write it flatter.";

    private static readonly string[] CoreTags =
        [.. new[] { "str", "int", "float", "bool", "null", "map", "seq" }.Select(t => "tag:yaml.org,2002:" + t)];

    private readonly Parser _parser;
    private readonly DiagnosticBag _diagnostics;
    private readonly string _file;
    private readonly Dictionary<string, Node> _anchors = new(StringComparer.Ordinal);
    private SourceDocument _document;
    private ParsingEvent? _next;
    private ParsingEvent _last = new StreamStart();
    private int _nodes;

    private YamlReader(SourceText source, DiagnosticBag diagnostics)
    {
        _parser = new Parser(new StringReader(source.Content));
        _diagnostics = diagnostics;
        _file = source.Path;
        _document = new(source.Path);
    }

    /// <summary>The documents of one file up to its first syntax error, which is reported.</summary>
    /// <param name="whole">Whether it was read to its end.</param>
    public static ImmutableArray<Node> Read(SourceText source, DiagnosticBag diagnostics, out bool whole)
    {
        whole = PlainYaml.TryRead(source, out var plain);
        return whole ? plain : ReadAll(source, diagnostics, out whole);
    }

    /// <summary>By the whole of YAML.</summary>
    internal static ImmutableArray<Node> ReadAll(SourceText source, DiagnosticBag diagnostics, out bool whole)
    {
        whole = false;
        if (source.Content.Length > MaxLength)
        {
            diagnostics.Add(new(Severity.Error, source.Path, 0, 0, "", $"the file has {source.Content.Length} characters, more than {MaxLength}.", "Split it into several files."));
            return [];
        }

        if (UnreadableLine(source.Content) is { } line)
        {
            diagnostics.Add(new(Severity.Error, source.Path, line, 1, "", "the file holds a control character, so it is not YAML text.", "Save it as UTF-8 text."));
            return [];
        }

        var documents = ImmutableArray.CreateBuilder<Node>();
        try
        {
            new YamlReader(source, diagnostics).ReadStream(documents);
            whole = true;
        }
        catch (YamlException broken)
        {
            diagnostics.Add(SyntaxError(source, broken));
        }

        return documents.ToImmutable();
    }

    private void ReadStream(ImmutableArray<Node>.Builder documents)
    {
        Take<StreamStart>();
        while (Peek() is not StreamEnd)
        {
            Take<DocumentStart>();
            _document = new(_file);
            _anchors.Clear();
            var root = ReadNode(1);
            Take<DocumentEnd>();

            // A file may end with '---', and a file of comments alone is an empty document: neither says anything.
            if (root is not ScalarNode { IsNull: true })
            {
                documents.Add(root);
            }
        }
    }

    private Node ReadNode(int depth)
    {
        if (depth > MaxDepth)
        {
            throw Refused(Peek(), $"maps and lists are nested deeper than {MaxDepth}.", Flatten);
        }

        var next = Take<ParsingEvent>();
        if (next is AnchorAlias alias)
        {
            return Resolve(alias, depth);
        }

        var start = next as NodeEvent ?? throw Refused(next, "a value is missing here.", "Write one, or remove its key.");
        Spend(1, start);
        RefuseForeignTag(start);
        Node node = start switch
        {
            Scalar scalar => new ScalarNode(Place(scalar), scalar.Value, IsNull(scalar)),
            SequenceStart => ReadList(start, depth),
            MappingStart => ReadMap(start, depth),
            _ => throw Refused(start, "this is no YAML node.", "Write a value, a map or a list."),
        };
        if (!start.Anchor.IsEmpty)
        {
            _anchors[start.Anchor.Value] = node;
        }

        return node;
    }

    private ListNode ReadList(NodeEvent start, int depth)
    {
        var items = ImmutableArray.CreateBuilder<Node>();
        while (Peek() is not SequenceEnd)
        {
            items.Add(ReadNode(depth + 1));
        }

        Take<SequenceEnd>();

        return new(Place(start), items.ToImmutable());
    }

    private MapNode ReadMap(NodeEvent start, int depth)
    {
        var entries = ImmutableArray.CreateBuilder<MapEntry>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (Peek() is not MappingEnd)
        {
            var key = Take<ParsingEvent>() as Scalar ?? throw Refused(_last, "a key must be a plain word.", "Write it as 'key: value'.");
            if (key.Value == "<<")
            {
                throw Refused(key, "YAML merge keys are not read.", "Put what is common into a profile, and name it under 'parents' or 'profiles'.");
            }

            var value = ReadNode(depth + 1);
            if (seen.Add(key.Value))
            {
                entries.Add(new(key.Value, Place(key), value));
            }
            else
            {
                _diagnostics.Error(Place(key), key.Value, $"the key '{key.Value}' is written twice in one map.", "Keep one of them.");
            }
        }

        Take<MappingEnd>();
        return new(Place(start), entries.ToImmutable());
    }

    private T Take<T>()
        where T : ParsingEvent
    {
        _last = Peek();
        _next = null;
        return _last as T ?? throw Refused(_last, "this is not what YAML has here.", LookHere);
    }

    private ParsingEvent Peek()
    {
        if (_next is { } next)
        {
            return next;
        }

        try
        {
            if (_parser.MoveNext())
            {
                return _next = _parser.Current!;
            }
        }
        catch (InvalidOperationException broken)
        {
            // On some broken texts YamlDotNet's scanner trips over its own state and does not say it with a YamlException.
            throw new YamlException(_last.Start, _last.End, "the text ends or turns where YAML does not allow it.", broken);
        }

        throw new SyntaxErrorException(_last.Start, _last.End, "the text ends too early.");
    }

    private Node Resolve(AnchorAlias alias, int depth)
    {
        // An anchor is known once its node is complete: a node cannot hold itself.
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
        {
            throw Refused(alias, $"the alias '*{alias.Value.Value}' names no anchor that is complete here.", "Write the anchor before it, in the same document.");
        }

        Spend(node.Count, alias);
        return depth + node.Depth - 1 > MaxDepth ? throw Refused(alias, $"maps and lists are nested deeper than {MaxDepth}.", Flatten) : node;
    }

    private void Spend(int nodes, ParsingEvent at)
    {
        _nodes += nodes;
        if (_nodes > MaxNodes)
        {
            throw Refused(at, $"the file has more than {MaxNodes} values, those behind aliases counted.", "Split it into several files.");
        }
    }

    private static void RefuseForeignTag(NodeEvent node)
    {
        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific && !CoreTags.Contains(node.Tag.Value))
        {
            throw Refused(node, $"the YAML tag '{node.Tag.Value}' means nothing here.", "Remove it.");
        }
    }

    private static bool IsNull(Scalar scalar) =>
        scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" or "Null" or "NULL" };

    private Origin Place(ParsingEvent at) => new(_document, (int)at.Start.Line, (int)at.Start.Column);

    private static RefusedException Refused(ParsingEvent at, string message, string remedy) => new(at.Start, at.End, message, remedy);

    private static int? UnreadableLine(string content)
    {
        var line = 1;
        foreach (var c in content)
        {
            if (c == '\n')
            {
                line++;
            }
            else if (c is '\u007f' or '\ufffe' or '\uffff' || (c < ' ' && c is not ('\t' or '\r')))
            {
                return line;
            }
        }

        return null;
    }

    private static Diagnostic SyntaxError(SourceText source, YamlException broken)
    {
        var (line, column) = ((int)broken.Start.Line, (int)broken.Start.Column);
        if (broken is RefusedException refused)
        {
            return new(Severity.Error, source.Path, line, column, "", refused.Message, refused.Remedy);
        }

        var remedy = LookHere;
        if (MisleadingTab(source.Content, line) is { } tab)
        {
            (line, column) = tab;
            remedy = "YAML is indented with spaces: replace the tab.";
        }

        return new(Severity.Error, source.Path, line, column, "", $"not readable as YAML: {broken.Message.ReplaceLineEndings(" ").Trim()}", remedy);
    }

    /// <summary>
    /// The scanner names the place where it gave up, which may lie far from the tab that misled it. A tab is to blame at
    /// the start of a line, or among the spaces near that place; elsewhere it may belong to a script's text.
    /// </summary>
    private static (int Line, int Column)? MisleadingTab(string content, int near)
    {
        foreach (var (index, text) in content.Split('\n').Index())
        {
            var indent = text.Length - text.AsSpan().TrimStart(' ').Length;
            if (indent < text.Length && text[indent] == '\t' && (indent == 0 || Math.Abs(index + 1 - near) <= 1))
            {
                return (index + 1, indent + 1);
            }
        }

        return null;
    }

    /// <summary>YAML, but none that is read here.</summary>
    private sealed class RefusedException(Mark start, Mark end, string message, string remedy) : YamlException(start, end, message)
    {
        public string Remedy { get; } = remedy;
    }
}
