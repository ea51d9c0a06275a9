using NetDeploy.Core.Profiles;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Tests.Profiles;

/// <summary>The page for users and the table of shapes say the same.</summary>
public sealed class ReadmeTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(ShippedFiles.Root, "profiles", "README.md"));

    [Fact]
    public void Every_key_of_every_kind_is_on_the_page()
    {
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (kind, shape) in Shapes.Kinds)
        {
            keys.Add(kind);
            Collect(shape, keys);
        }

        Assert.True(keys.Count > 60);
        var missing = keys.Where(k => new[] { $"`{k}`", $"`{k}: ", $"{{{k}: " }.All(spelled => !Text.Contains(spelled, StringComparison.Ordinal)));
        Assert.Equal("", string.Join(", ", missing));
    }

    [Fact]
    public void Its_examples_are_a_good_set_without_a_warning()
    {
        var examples = Text.Split("```yaml\n").Skip(1).Select(e => e[..e.IndexOf("```", StringComparison.Ordinal)]).ToArray();

        var result = ShippedFiles.Parse(examples);

        Assert.Equal(2, examples.Length);
        Assert.Empty(result.Diagnostics);
        Assert.Equal("http://mirror.example/debian", result.Value!.Recipes["web1"].System.Repositories[0].Uri);
    }

    private static void Collect(Shape shape, SortedSet<string> keys)
    {
        switch (shape)
        {
            case MapShape map:
                foreach (var (key, below) in map.Keys)
                {
                    keys.Add(key);
                    Collect(below, keys);
                }

                break;
            case ShortFormShape both:
                Collect(both.Map, keys);
                break;
            case ListShape list:
                Collect(list.Item, keys);
                break;
            case DictionaryShape dictionary:
                Collect(dictionary.Value, keys);
                break;
        }
    }
}
