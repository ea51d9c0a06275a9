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

    private readonly Parser _parser;
    private readonly DiagnosticBag _diagnostics;
    private readonly string _file;
    private readonly Dictionary<string, Node> _anchors = new(StringComparer.Ordinal);
    private SourceDocument _document;
    private int _nodes;

    private YamlReader(SourceText source, DiagnosticBag diagnostics)
    {
        _parser = new Parser(new StringReader(source.Content));
        _diagnostics = diagnostics;
        _file = source.Path;
        _document = new(source.Path);
    }

    /// <summary>The documents of one file up to its first syntax error, which is reported.</summary>
    public static ImmutableArray<Node> Read(SourceText source, DiagnosticBag diagnostics)
    {
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
        }
        catch (YamlException broken)
        {
            diagnostics.Add(SyntaxError(source, broken));
        }

        return documents.ToImmutable();
    }

    private void ReadStream(ImmutableArray<Node>.Builder documents)
    {
        _parser.Consume<StreamStart>();
        while (!_parser.Accept<StreamEnd>(out _))
        {
            _parser.Consume<DocumentStart>();
            _document = new(_file);
            _anchors.Clear();
            var root = ReadNode(1);
            _parser.Consume<DocumentEnd>();

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
            throw Refused(_parser.Current!, $"maps and lists are nested deeper than {MaxDepth}.");
        }

        var next = _parser.Consume<ParsingEvent>();
        if (next is AnchorAlias alias)
        {
            return Resolve(alias, depth);
        }

        var start = (NodeEvent)next;
        Spend(1, start);
        RefuseForeignTag(start);
        Node node = start switch
        {
            Scalar scalar => new ScalarNode(Place(scalar), scalar.Value, IsNull(scalar)),
            SequenceStart => ReadList(start, depth),
            MappingStart => ReadMap(start, depth),
            _ => throw Refused(start, "this is no YAML node."),
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
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        return new(Place(start), items.ToImmutable());
    }

    private MapNode ReadMap(NodeEvent start, int depth)
    {
        var entries = ImmutableArray.CreateBuilder<MapEntry>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (!_parser.TryConsume<Scalar>(out var key))
            {
                throw Refused(_parser.Current!, "a key must be a plain word.");
            }

            if (key.Value == "<<")
            {
                throw Refused(key, "YAML merge keys are not read: put what is common into a profile, and name it under 'parents' or 'profiles'.");
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

        return new(Place(start), entries.ToImmutable());
    }

    private Node Resolve(AnchorAlias alias, int depth)
    {
        // An anchor is known once its node is complete: a node cannot hold itself.
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
        {
            throw Refused(alias, $"the alias '*{alias.Value.Value}' names no anchor that is complete here.");
        }

        Spend(node.Count, alias);
        return depth + node.Depth - 1 > MaxDepth ? throw Refused(alias, $"maps and lists are nested deeper than {MaxDepth}.") : node;
    }

    private void Spend(int nodes, ParsingEvent at)
    {
        _nodes += nodes;
        if (_nodes > MaxNodes)
        {
            throw Refused(at, $"the file has more than {MaxNodes} values, those behind aliases counted.");
        }
    }

    private static void RefuseForeignTag(NodeEvent node)
    {
        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific && !node.Tag.Value.StartsWith("tag:yaml.org,2002:", StringComparison.Ordinal))
        {
            throw Refused(node, $"the YAML tag '{node.Tag.Value}' means nothing here.");
        }
    }

    private static bool IsNull(Scalar scalar) =>
        scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" or "Null" or "NULL" };

    private Origin Place(ParsingEvent at) => new(_document, (int)at.Start.Line, (int)at.Start.Column);

    private static SemanticErrorException Refused(ParsingEvent at, string message) => new(at.Start, at.End, message);

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
        var text = source.Content.Split('\n').ElementAtOrDefault(line - 1) ?? "";
        var indent = text[..(text.Length - text.TrimStart().Length)];
        var remedy = broken switch
        {
            SemanticErrorException => "",
            _ when indent.Contains('\t', StringComparison.Ordinal) => "YAML is indented with spaces: replace the tab.",
            _ => "Look at the indentation, colons and quotes here and in the line above.",
        };
        return new(Severity.Error, source.Path, line, column, "", $"not readable as YAML: {OneLine(broken.Message)}", remedy);
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Trim();
}
