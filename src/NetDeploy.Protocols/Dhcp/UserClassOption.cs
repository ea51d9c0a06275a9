using System.Collections.Immutable;

namespace NetDeploy.Protocols.Dhcp;

/// <summary>Option 77. RFC 3004 has a list of length-prefixed classes; iPXE and others send one bare text.</summary>
public static class UserClassOption
{
    extension(DhcpOptions options)
    {
        /// <summary>The classes: the list where the bytes are one to the last byte, else the bare text as the only one.</summary>
        public ImmutableArray<string> UserClasses
        {
            get
            {
                if (!options.TryGet(DhcpOptionCode.UserClass, out var value) || value.Length == 0)
                {
                    return [];
                }

                var classes = ImmutableArray.CreateBuilder<string>();
                var reader = new DhcpReader(value.Span);
                while (reader.Remaining > 0)
                {
                    var length = reader.Byte();
                    var text = reader.Take(length);
                    if (reader.Failed || length == 0)
                    {
                        return [DhcpOptions.PrintableText(value.Span)];
                    }

                    classes.Add(DhcpOptions.PrintableText(text));
                }

                return classes.ToImmutable();
            }
        }
    }
}
