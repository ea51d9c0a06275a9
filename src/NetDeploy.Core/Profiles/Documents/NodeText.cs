using System.Globalization;
using System.Text;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>A tree as text without its places: equal texts, equal trees. Each value has its length before it, so that none can look like a part of the tree.</summary>
internal static class NodeText
{
    public static string Of(Node node)
    {
        var text = new StringBuilder();
        Write(node, text);
        return text.ToString();
    }

    private static void Write(Node node, StringBuilder text)
    {
        switch (node)
        {
            case ScalarNode scalar:
                text.Append(scalar.IsNull ? 'n' : 's');
                Write(scalar.Value, text);
                break;
            case MapNode map:
                text.Append(CultureInfo.InvariantCulture, $"m{map.Entries.Length}");
                foreach (var entry in map.Entries)
                {
                    Write(entry.Key, text);
                    Write(entry.Value, text);
                }

                break;
            case ListNode list:
                text.Append(CultureInfo.InvariantCulture, $"l{list.Items.Length}");
                foreach (var item in list.Items)
                {
                    Write(item, text);
                }

                break;
            case ChangeNode change:
                text.Append(CultureInfo.InvariantCulture, $"{(change.Replaces ? 'r' : 'c')}{change.Remove.Length}");
                foreach (var gone in change.Remove)
                {
                    Write(gone.Value, text);
                }

                Write(change.Value, text);
                break;
        }
    }

    private static void Write(string value, StringBuilder text) => text.Append(CultureInfo.InvariantCulture, $":{value.Length}:{value}");
}
