"""doc"""
a = {'k': [1, -2.5e-3, 0x1f, True, None], "j": r'\n' 'b' """c"""}
x = dict(a, b=(1,), **{'c': a.k[0]}) ; y = [i for i in range(3)] + [*a['k'][1:2]] * 2
z = a if x else sum([1, 2 ** 3]) // 2 - f'{y}' # end
_base_ = {{_base_.x}}
