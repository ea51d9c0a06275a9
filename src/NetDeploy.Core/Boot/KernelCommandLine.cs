using System.Buffers;

namespace NetDeploy.Core.Boot;

/// <summary>A kernel command line as one safe line: it passes through iPXE's and GRUB's parsers unchanged.</summary>
public sealed class KernelCommandLine
{
    // Nothing that any of the two shells expands, splits on or quotes with.
    private static readonly SearchValues<char> Safe =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:/=,+@%[]");

    private readonly List<string> _arguments = [];

    /// <param name="argument">One argument, such as <c>console=ttyS0,115200n8</c>.</param>
    /// <exception cref="ArgumentException">It holds a space, a newline or a character that a boot loader's shell would read.</exception>
    public KernelCommandLine Add(string argument)
    {
        if (argument.Length == 0 || argument.AsSpan().ContainsAnyExcept(Safe))
        {
            throw new ArgumentException($"'{argument}' may not stand on a kernel command line.", nameof(argument));
        }

        _arguments.Add(argument);
        return this;
    }

    public KernelCommandLine AddAll(IEnumerable<string> arguments)
    {
        foreach (var argument in arguments)
        {
            Add(argument);
        }

        return this;
    }

    public override string ToString() => string.Join(' ', _arguments);
}
