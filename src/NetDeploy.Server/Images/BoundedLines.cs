using System.Text;

namespace NetDeploy.Server.Images;

/// <summary>Reads lines from someone who may never send a newline: what exceeds the limit is dropped.</summary>
internal static class BoundedLines
{
    public static async IAsyncEnumerable<string> ReadAsync(TextReader text, int maximumCharacters)
    {
        var buffer = new char[8192];
        var line = new StringBuilder();
        int count;
        while ((count = await text.ReadAsync(buffer).ConfigureAwait(false)) > 0)
        {
            for (var at = 0; at < count; at++)
            {
                if (buffer[at] is '\n')
                {
                    yield return line.ToString();
                    line.Clear();
                }
                else if (line.Length < maximumCharacters && buffer[at] is not '\r')
                {
                    line.Append(buffer[at]);
                }
            }
        }

        if (line.Length > 0)
        {
            yield return line.ToString();
        }
    }
}
