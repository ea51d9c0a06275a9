using System.Numerics;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>Which addresses of a pool were never given to anyone, one bit each, and where to look next.</summary>
internal sealed class AddressBitmap
{
    private const int BitsPerWord = 64;

    private readonly ulong[] _taken;
    private int _hint;

    public AddressBitmap(AddressRange range)
    {
        Range = range;
        _taken = new ulong[(range.Count + BitsPerWord - 1) / BitsPerWord];

        // The last word's bits beyond the pool are never free.
        if (range.Count % BitsPerWord != 0)
        {
            _taken[^1] = ulong.MaxValue << (range.Count % BitsPerWord);
        }

        FreeCount = range.Count;
    }

    public AddressRange Range { get; }

    public int FreeCount { get; private set; }

    /// <summary>Takes the address; the search goes on behind it, so that an address given back rests longest.</summary>
    public void Take(Ipv4Address address)
    {
        var index = Index(address);
        FreeCount -= IsFree(index) ? 1 : 0;
        _taken[index / BitsPerWord] |= 1UL << (index % BitsPerWord);
        _hint = (index + 1) % Range.Count;
    }

    public void Free(Ipv4Address address)
    {
        var index = Index(address);
        FreeCount += IsFree(index) ? 0 : 1;
        _taken[index / BitsPerWord] &= ~(1UL << (index % BitsPerWord));
    }

    public Ipv4Address? FindFree()
    {
        var start = _hint / BitsPerWord;
        var below = (1UL << (_hint % BitsPerWord)) - 1;
        for (var i = 0; i <= _taken.Length; i++)
        {
            var word = (start + i) % _taken.Length;
            var free = ~_taken[word];

            // The word of the hint is looked at twice: first from the hint on, at the end below it.
            free &= i == 0 ? ~below : i == _taken.Length ? below : ulong.MaxValue;
            if (free != 0)
            {
                return new Ipv4Address(Range.First.Value + (uint)((word * BitsPerWord) + BitOperations.TrailingZeroCount(free)));
            }
        }

        return null;
    }

    private bool IsFree(int index) => (_taken[index / BitsPerWord] & (1UL << (index % BitsPerWord))) == 0;

    private int Index(Ipv4Address address) => (int)(address.Value - Range.First.Value);
}
