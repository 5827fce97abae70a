augmentation = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='RandomResize', scale=(480, 360), ratio_range=(0.75, 1.5), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(240, 200)),
    dict(type='PackSegInputs')
]
ratios = [0.5, 1.0]
tta_pipeline = [dict(type='TestTimeAug', transforms=[[dict(type='Resize', scale_factor=r) for r in ratios]])]
train_dataloader = dict(
    batch_size=2, num_workers=4, persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='BaseSegDataset',
        metainfo=dict(classes=('sky', 'road', 'car', 'tree')),
        data_root='data/streets',
        data_prefix=dict(img_path='images/train', seg_map_path='labels/train'),
        img_suffix='.png', seg_map_suffix='.png'))
val_dataloader = dict(
    batch_size=1, num_workers=4,
    dataset=dict(
        type='BaseSegDataset', data_root='data/streets',
        data_prefix=dict(img_path='images/val', seg_map_path='labels/val'),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='Resize', scale=(360, 480), keep_ratio=True),
            dict(type='LoadAnnotations'),
            dict(type='PackSegInputs')
        ]))
test_dataloader = val_dataloader
